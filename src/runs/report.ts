// report.html: one file without script or outside resource, so that what a model wrote can never run. The table, the
// curves of both tasks, and a few rollouts with predicted against true values.

import { matches } from "../alignment/answer.js";
import { type Json, stringifyJson } from "../core/json.js";
import { chartFile, lineChart, type Series } from "./chart.js";
import type { MetricName, StepMetrics } from "./metrics.js";
import { escapeHtml, page } from "./page.js";
import type { BestCheckpoint, EvaluationRecord, Measure, RolloutRecord, RunInfo } from "./records.js";
import type { RunDirectory } from "./run-directory.js";

const curves: ReadonlyArray<{ readonly title: string; readonly names: readonly MetricName[] }> = [
  { title: "Reward of both tasks", names: ["code/reward_mean", "alignment/reward_mean"] },
  { title: "Loss on the demonstrations (nats)", names: ["supervised/loss"] },
  { title: "Code: programs that pass", names: ["code/pass_rate"] },
  {
    title: "Alignment: what is right",
    names: ["alignment/variables_right", "alignment/all_right_rate", "alignment/output_right_rate"],
  },
  { title: "Entropy (nats)", names: ["policy/entropy"] },
  { title: "Clip fraction", names: ["policy/clip_fraction"] },
  { title: "Gradient norm", names: ["policy/gradient_norm"] },
  { title: "Recycling: candidates and kept", names: ["alignment/candidates", "alignment/kept"] },
  { title: "Completion tokens", names: ["code/completion_tokens", "alignment/completion_tokens"] },
];

const CURVE_MEASURES = ["code_pass_at_1", "variables_right", "all_right", "output_right", "self_check_at_8"];

/** @param measures  what each evaluation measure means, by its name */
export function renderReport(run: RunDirectory, measures: Readonly<Record<string, string>>): string {
  const info = run.readInfo();
  const metrics = run.readMetrics();
  const evaluations = run.evaluationSteps("family").flatMap((step) => run.readEvaluation("family", step) ?? []);
  const last = run.rolloutSteps().at(-1);
  const rollouts = last === undefined ? [] : run.readRollouts(last);
  const sections = [
    header(info, metrics.at(-1)?.step ?? 0),
    evaluationTable(evaluations, measures),
    bestLine(run.readBest()),
    `<section class="charts">${evaluationFigure(evaluations)}${curves.map(({ title, names }) => figure(title, names, metrics)).join("")}</section>`,
    rolloutSection(rollouts),
    `<details><summary>Config</summary><pre>${escapeHtml(run.readConfig())}</pre></details>`,
  ];
  return page(info.name, sections.join("\n"));
}

function header(info: RunInfo, stepsDone: number): string {
  return `<h1>${escapeHtml(info.name)}</h1><p>${escapeHtml(info.recipe)}, seed ${info.seed}, ${stepsDone} of ${info.steps} steps, ${info.status}; started ${escapeHtml(info.startedAt)}</p>`;
}

function evaluationTable(evaluations: readonly EvaluationRecord[], measures: Readonly<Record<string, string>>): string {
  const first = evaluations[0];
  const last = evaluations.at(-1);
  if (!first || !last) return "<p>No evaluation yet.</p>";
  const rows = Object.keys(last.metrics).map((name) => {
    const [before, after] = [first.metrics[name], last.metrics[name]];
    return `<tr><td>${escapeHtml(name)}</td><td>${escapeHtml(measures[name] ?? "")}</td><td>${percent(before)}</td><td>${percent(after)}</td></tr>`;
  });
  return `<h2>Held-out problems (${last.problems}), before and after</h2><table><thead><tr><th>measure</th><th>meaning</th><th>step ${first.step}</th><th>step ${last.step}</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

/** Where there is more than before and after. */
function evaluationFigure(evaluations: readonly EvaluationRecord[]): string {
  if (evaluations.length < 3) return "";
  const series = CURVE_MEASURES.map((name) => ({
    name,
    points: evaluations.flatMap(({ step, metrics }) => {
      const found = metrics[name];
      return found ? [{ x: step, y: found.value }] : [];
    }),
  })).filter(({ points }) => points.length > 0);
  return series.length === 0 ? "" : `<figure><figcaption>Held-out problems</figcaption>${lineChart(series)}</figure>`;
}

function bestLine(best: BestCheckpoint | null): string {
  return best === null
    ? ""
    : `<p>Best checkpoint by ${escapeHtml(best.measure)}: step ${best.step}, ${percent(best)}</p>`;
}

function percent(measure: Measure | undefined): string {
  return measure ? `${(measure.value * 100).toFixed(1)} % ± ${(measure.standardError * 100).toFixed(1)}` : "";
}

function figure(title: string, names: readonly MetricName[], metrics: readonly StepMetrics[]): string {
  const drawn = seriesOf(names, metrics);
  return drawn.length === 0 ? "" : `<figure><figcaption>${escapeHtml(title)}</figcaption>${lineChart(drawn)}</figure>`;
}

function seriesOf(names: readonly MetricName[], metrics: readonly StepMetrics[]): Series[] {
  const series = names.map((name) => ({
    name,
    points: metrics.flatMap((line) => {
      const value = line[name];
      return typeof value === "number" ? [{ x: line.step, y: value }] : [];
    }),
  }));
  return series.filter(({ points }) => points.length > 0);
}

/** The first curve of the report, both tasks' reward, as an SVG file. */
export function renderCurve(run: RunDirectory): string {
  return chartFile(lineChart(seriesOf(curves[0]?.names ?? [], run.readMetrics())));
}

function rolloutSection(rollouts: readonly RolloutRecord[]): string {
  const code = pickRollouts(rollouts, "code");
  const alignment = pickRollouts(rollouts, "alignment");
  if (code.length + alignment.length === 0) return "";
  return `<h2>Rollouts of step ${rollouts[0]?.step}</h2>${code.map(codeCard).join("")}${alignment.map(alignmentCard).join("")}`;
}

/** The best and the worst of the first groups that have both: what the model learns from. */
function pickRollouts(rollouts: readonly RolloutRecord[], task: RolloutRecord["task"]): RolloutRecord[] {
  return [...byGroup(rollouts).values()]
    .filter((group) => group[0]?.task === task)
    .flatMap((group) => {
      const ranked = [...group].sort((a, b) => (b.reward ?? 0) - (a.reward ?? 0));
      const [best, worst] = [ranked[0], ranked.at(-1)];
      return best && worst && best.reward !== worst.reward ? [best, worst] : [];
    })
    .slice(0, 6);
}

function byGroup(rollouts: readonly RolloutRecord[]): Map<number, RolloutRecord[]> {
  const groups = new Map<number, RolloutRecord[]>();
  for (const rollout of rollouts) groups.set(rollout.group, [...(groups.get(rollout.group) ?? []), rollout]);
  return groups;
}

function card(rollout: RolloutRecord, body: string): string {
  const reward = rollout.reward === null ? "none" : rollout.reward.toFixed(2);
  const advantage = rollout.advantage === null ? "none" : rollout.advantage.toFixed(2);
  return `<article><h3>${rollout.task}: ${escapeHtml(rollout.problem)}</h3><p>reward ${reward}, advantage ${advantage}</p><pre><span class="prompt">${escapeHtml(rollout.prompt)}</span><mark>${escapeHtml(rollout.completion)}</mark></pre>${body}</article>`;
}

function codeCard(rollout: RolloutRecord): string {
  const { verdict, tests } = rollout;
  const failing = tests?.find(({ kind }) => !kind.startsWith("passed") && kind !== "not-run");
  const detail =
    failing?.kind === "wrong-answer"
      ? `: expected ${stringifyJson(failing.expected)}, got ${stringifyJson(failing.got)}`
      : failing?.kind === "raised"
        ? `: ${failing.error}: ${failing.message}`
        : "";
  return card(rollout, `<p>${escapeHtml(`${verdict?.kind ?? ""}${failing ? ` (${failing.kind}${detail})` : ""}`)}</p>`);
}

function alignmentCard(rollout: RolloutRecord): string {
  const { alignment } = rollout;
  if (!alignment) return "";
  const { truth, predicted } = alignment;
  const rows = Object.entries(truth.variables).map(([name, value]) =>
    valueRow(name, value, predicted?.variables[name]),
  );
  if (truth.output !== undefined) rows.push(valueRow("output", truth.output, predicted?.output));
  return card(
    rollout,
    `<table><thead><tr><th>asked</th><th>true</th><th>predicted</th></tr></thead><tbody>${rows.join("")}</tbody></table>`,
  );
}

function valueRow(name: string, truth: Json, predicted: Json | undefined): string {
  const text = predicted === undefined ? "(none)" : stringifyJson(predicted);
  const right = matches(truth, predicted, true);
  return `<tr><td>${escapeHtml(name)}</td><td>${escapeHtml(stringifyJson(truth))}</td><td class="${right ? "right" : "wrong"}">${right ? "✓" : "✗"} ${escapeHtml(text)}</td></tr>`;
}
