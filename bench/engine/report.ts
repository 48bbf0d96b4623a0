// Tables of what bench/engine.ts measured.

import type { Ceiling, Comparison, SamplingGains } from "./measure.js";
import type { RecipeStep } from "./recipe.js";

export interface Report {
  readonly torch: string | undefined;
  readonly rounds: number;
  readonly ceilings: readonly Ceiling[];
  readonly training: readonly Comparison[];
  readonly sampling: readonly Comparison[];
  readonly gains: readonly SamplingGains[];
  readonly recipe: ReadonlyArray<RecipeStep & { readonly threads: number }>;
}

export function reportText(report: Report): string {
  const torch = report.torch ? `PyTorch ${report.torch}` : "no PyTorch found (CODERLPLUS_PYTHON, python3)";
  const ceilings = report.ceilings.map(({ threads, engine, torch: other }) => [
    String(threads),
    whole(engine),
    other === undefined ? "-" : whole(other),
  ]);
  const comparison = (rows: readonly Comparison[]): string =>
    table(
      ["model", "threads", "tok/s", "torch", "(form)", "ratio", "processor", "MFLOP/token", "GFLOP/s", "of ceiling"],
      rows.map((row) => comparisonCells(row, report.ceilings)),
    );
  const gains = report.gains.map((row) => [
    row.model,
    String(row.threads),
    ...[row.dropped, row.undropped].map(whole),
    times(row.dropped, row.undropped),
    ...[row.shared, row.unshared].map(whole),
    times(row.shared, row.unshared),
  ]);
  const recipe = report.recipe.map((row) => [
    String(row.threads),
    row.stepSeconds.toFixed(2),
    row.processorSeconds.toFixed(2),
    whole(row.samplingTokensPerSecond),
    whole(row.trainingTokensPerSecond),
    row.largestRatioError.toExponential(1),
  ]);
  return [
    `${torch}; medians of ${report.rounds} rounds; "ratio" is the engine's speed over PyTorch's, "processor" the same ` +
      "by processor time",
    section(
      "Ceiling: products of 1024 and 2048 square matrices, GFLOP/s",
      table(["threads", "engine", "torch"], ceilings),
    ),
    section("Training: cross-entropy, AdamW, clipping; sequences of 256 tokens", comparison(report.training)),
    section("Sampling: 64 sequences, nothing shared, none dropped", comparison(report.sampling)),
    section(
      "Sampling, tokens a second: what dropping finished rows and sharing prompts of 100 tokens among 8 rollouts add",
      table(["model", "threads", "dropped", "kept", "gain", "shared", "unshared", "gain"], gains),
    ),
    section(
      "A step of the default recipe: 32 prompts x 8 rollouts",
      table(["threads", "seconds", "processor s", "sampling tok/s", "training tok/s", "ratio error"], recipe),
    ),
  ].join("\n\n");
}

function comparisonCells(row: Comparison, ceilings: readonly Ceiling[]): string[] {
  const { torchTokensPerSecond: torch, torchForm, processorRatio } = row;
  const ceiling = ceilings.find(({ threads }) => threads === row.threads);
  const achieved = (row.tokensPerSecond * row.flopsPerToken) / 1e9;
  const most = Math.max(ceiling?.engine ?? Number.NaN, ceiling?.torch ?? 0);
  return [
    row.model,
    String(row.threads),
    whole(row.tokensPerSecond),
    torch === undefined ? "-" : whole(torch),
    torchForm ?? "-",
    torch === undefined ? "-" : times(row.tokensPerSecond, torch),
    processorRatio?.toFixed(2) ?? "-",
    (row.flopsPerToken / 1e6).toFixed(1),
    whole(achieved),
    `${whole((100 * achieved) / most)} %`,
  ];
}

function section(title: string, body: string): string {
  return `${title}\n${body}`;
}

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  if (rows.length === 0) return "not measured";
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)));
  return [head, ...rows].map((row) => row.map((cell, column) => cell.padStart(widths[column])).join("  ")).join("\n");
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function times(value: number, base: number): string {
  return (value / base).toFixed(2);
}
