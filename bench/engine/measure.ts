// The measurements of bench/engine.ts as records: the engine and PyTorch take turns, round by round, so that a busy
// machine slows both alike, and medians are told. A round before the first is not counted.

import { join } from "node:path";
import { quantile } from "../../src/core/maths.js";
import { openEmbedded } from "../../src/engines/embedded/embedded.js";
import { type BenchModel, MODELS, samplingFlops, trainingFlops, writeModel } from "./models.js";
import { RECIPE_CONFIG, type RecipeStep, recipeStep } from "./recipe.js";
import { FORMS, type TorchInstallation, TorchProcess, type TorchTask } from "./torch.js";
import { type Cost, gemmSeconds, SAMPLED_ROWS, type SamplingWork, sampling, training } from "./work.js";

/** Of 1024 and 2048 square matrices, the faster, in GFLOP/s. */
export interface Ceiling {
  readonly threads: number;
  readonly engine: number;
  readonly torch: number | undefined;
}

export interface Comparison {
  readonly model: string;
  readonly threads: number;
  readonly flopsPerToken: number;
  readonly tokensPerSecond: number;
  /** Of the faster form of attention. */
  readonly torchTokensPerSecond: number | undefined;
  readonly torchForm: (typeof FORMS)[number] | undefined;
  /** PyTorch's processor time over the engine's. */
  readonly processorRatio: number | undefined;
}

type TorchFigures = Pick<Comparison, "torchTokensPerSecond" | "torchForm" | "processorRatio">;

/** What sharing prompts and dropping finished rows add; all are tokens drawn a second. */
export interface SamplingGains {
  readonly model: string;
  readonly threads: number;
  readonly dropped: number;
  /** The same sequences if each kept its row to the end of the longest. */
  readonly undropped: number;
  readonly shared: number;
  readonly unshared: number;
}

export interface Bench {
  readonly folder: string;
  readonly rounds: number;
  readonly torch: TorchInstallation | undefined;
  /** "training" and "sampling" are understood. */
  readonly work: readonly string[];
  readonly progress: (text: string) => void;
}

const GEMM_SIZES = [1024, 2048];
const GEMM_REPEATS = 9;

export async function measureCeiling(bench: Bench, threads: number): Promise<Ceiling> {
  bench.progress(`products of matrices, ${threads} threads`);
  const torch = bench.torch && new TorchProcess(bench.torch, threads, RECIPE_CONFIG);
  const best = { engine: 0, torch: 0 };
  for (const size of GEMM_SIZES) {
    const rate = (seconds: number): number => (2 * size ** 3) / seconds / 1e9;
    best.engine = Math.max(best.engine, rate(await gemmSeconds(size, threads, GEMM_REPEATS)));
    const task = { kind: "gemm", size, repeats: GEMM_REPEATS } as const;
    if (torch) best.torch = Math.max(best.torch, rate((await torch.run(task)).seconds));
  }
  await torch?.close();
  return { threads, engine: best.engine, torch: torch && best.torch };
}

export async function measureModel(
  bench: Bench,
  name: string,
  threads: number,
): Promise<{ training?: Comparison; sampling?: Comparison; gains?: SamplingGains }> {
  const wanted = { training: bench.work.includes("training"), sampling: bench.work.includes("sampling") };
  if (!wanted.training && !wanted.sampling) return {};
  const model = MODELS[name];
  const folder = join(bench.folder, name);
  writeModel(folder, model.config);
  const engine = await openEmbedded({ model: folder, threads });
  const torch = bench.torch && new TorchProcess(bench.torch, threads, model.config);
  const costs = new Map<string, Cost[]>();
  const drawn = new Map<SamplingWork, number>();
  try {
    for (let round = 0; round <= bench.rounds; round++) {
      bench.progress(`${name}, ${threads} threads, round ${round} of ${bench.rounds}`);
      const note = (what: string, cost: Cost): void => {
        if (round > 0) costs.set(what, [...(costs.get(what) ?? []), cost]);
      };
      const draw = async (work: SamplingWork): Promise<void> => {
        const { cost, tokens } = await sampling(engine, work, model, round);
        drawn.set(work, tokens);
        note(work, cost);
      };
      if (wanted.training) {
        note("train", await training(engine, model, round));
        for (const form of FORMS) if (torch) note(`train ${form}`, await torch.run(trainingTask(model, form)));
      }
      if (!wanted.sampling) continue;
      await draw("equal");
      for (const form of FORMS) if (torch) note(`sample ${form}`, await torch.run(samplingTask(model, form)));
      for (const work of ["dropped", "unshared", "shared"] as const) await draw(work);
    }
  } finally {
    await engine.close();
    await torch?.close();
  }
  const median = (what: string, of: keyof Cost = "seconds"): number =>
    quantile(
      (costs.get(what) ?? []).map((cost) => cost[of]),
      0.5,
    );
  const rate = (work: SamplingWork): number => (drawn.get(work) ?? 0) / median(work);
  const torchBest = (kind: "train" | "sample", own: string, tokens: number): TorchFigures => {
    if (!torch) return { torchTokensPerSecond: undefined, torchForm: undefined, processorRatio: undefined };
    const [form] = [...FORMS].sort((a, b) => median(`${kind} ${a}`) - median(`${kind} ${b}`));
    const what = `${kind} ${form}`;
    return {
      torchTokensPerSecond: tokens / median(what),
      torchForm: form,
      processorRatio: median(what, "processorSeconds") / median(own, "processorSeconds"),
    };
  };
  const trained = model.trainingRows * model.trainingLength;
  const sampled = SAMPLED_ROWS * model.sampledLength;
  const about = { model: name, threads };
  const learning = (): Comparison => ({
    ...about,
    flopsPerToken: trainingFlops(model.config, model.trainingLength),
    tokensPerSecond: trained / median("train"),
    ...torchBest("train", "train", trained),
  });
  const drawing = (): Comparison => ({
    ...about,
    flopsPerToken: samplingFlops(model.config, (model.sampledLength + 1) / 2),
    tokensPerSecond: rate("equal"),
    ...torchBest("sample", "equal", sampled),
  });
  const gains = (): SamplingGains => ({
    ...about,
    dropped: rate("dropped"),
    undropped: (drawn.get("dropped") ?? 0) / median("equal"),
    shared: rate("shared"),
    unshared: rate("unshared"),
  });
  return {
    ...(wanted.training ? { training: learning() } : {}),
    ...(wanted.sampling ? { sampling: drawing(), gains: gains() } : {}),
  };
}

function trainingTask(model: BenchModel, form: (typeof FORMS)[number]): TorchTask {
  return { kind: "train", form, rows: model.trainingRows, length: model.trainingLength };
}

function samplingTask(model: BenchModel, form: (typeof FORMS)[number]): TorchTask {
  return { kind: "sample", form, rows: SAMPLED_ROWS, length: model.sampledLength };
}

/** Medians of the steps of the default recipe. */
export async function measureRecipe(bench: Bench, threads: number): Promise<RecipeStep & { threads: number }> {
  bench.progress(`default recipe, ${threads} threads`);
  const folder = join(bench.folder, "recipe");
  writeModel(folder, RECIPE_CONFIG);
  const engine = await openEmbedded({ model: folder, threads });
  const steps: RecipeStep[] = [];
  try {
    for (let step = 0; step <= bench.rounds; step++) steps.push(await recipeStep(engine, step));
  } finally {
    await engine.close();
  }
  const median = (of: keyof RecipeStep): number =>
    quantile(
      steps.slice(1).map((step) => step[of]),
      0.5,
    );
  return {
    threads,
    stepSeconds: median("stepSeconds"),
    processorSeconds: median("processorSeconds"),
    samplingTokensPerSecond: median("samplingTokensPerSecond"),
    trainingTokensPerSecond: median("trainingTokensPerSecond"),
    largestRatioError: Math.max(...steps.map((step) => step.largestRatioError)),
  };
}
