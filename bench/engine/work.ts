// What the embedded engine is timed at, in seconds: products of square matrices, training steps, and sampling. The
// tokens are random and the lengths fixed.

import { Tensor } from "onnxruntime-node";
import { quantile } from "../../src/core/maths.js";
import { Rng } from "../../src/core/rng.js";
import { Graph } from "../../src/engines/embedded/graph/graph.js";
import { compile } from "../../src/engines/embedded/graph/program.js";
import { matmul } from "../../src/engines/embedded/operators/matmul.js";
import type { Datum, Engine, SampleRequest } from "../../src/engines/engine.js";
import type { BenchModel } from "./models.js";

export const SAMPLED_ROWS = 64;
const ROLLOUTS = 8;
/** Of the prompts that rollouts share. */
const PROMPT_LENGTH = 100;

export interface Cost {
  readonly seconds: number;
  /** Of all threads; unlike the other, it hardly depends on what else the machine does. */
  readonly processorSeconds: number;
}

/** Median seconds of a product of two square matrices. */
export async function gemmSeconds(size: number, threads: number, repeats: number): Promise<number> {
  const graph = new Graph();
  graph.output(matmul(graph, graph.input("a", [size, size]), graph.input("b", [size, size])), "product");
  const program = await compile(graph, { threads, guard: (run) => run() });
  const square = (): Tensor => new Tensor("float32", new Float32Array(size * size).fill(0.5), [size, size]);
  const feeds = { a: square(), b: square() };
  const seconds: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) seconds.push((await timed(() => program.run(feeds))).seconds);
  return quantile(seconds, 0.5);
}

/** Cross-entropy on whole sequences and one step of AdamW: a prompt of one token, everything after it predicted. */
export async function training(
  engine: Engine,
  { config, trainingRows, trainingLength }: BenchModel,
  round: number,
): Promise<Cost> {
  const rng = Rng.of("training", round);
  const data = Array.from({ length: trainingRows }, (): Datum => {
    const weights = new Float32Array(trainingLength).fill(1 / (trainingRows * trainingLength));
    const [prompt, completion] = [1, trainingLength].map((length) => tokens(rng, length, config.vocabularySize));
    return { prompt, completion, weights };
  });
  return timed(async () => {
    await engine.forwardBackward(data, { kind: "cross-entropy" });
    await engine.optimStep({
      learningRate: 1e-3,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0.01,
      gradientClip: 1,
    });
  });
}

export type SamplingWork =
  /** As many prompts as sequences, of one token, and all sequences equally long: what PyTorch is given too. */
  | "equal"
  /** The same, the lengths spread evenly from an eighth to the whole: finished rows leave the batch. */
  | "dropped"
  /** As many long prompts as sequences. */
  | "unshared"
  /** Long prompts, each shared by its rollouts. */
  | "shared";

export async function sampling(
  engine: Engine,
  work: SamplingWork,
  { config, sampledLength }: BenchModel,
  round: number,
): Promise<{ readonly cost: Cost; readonly tokens: number }> {
  const rng = Rng.of(work, round);
  const each = work === "shared" ? ROLLOUTS : 1;
  const count = SAMPLED_ROWS / each;
  const length = work === "shared" || work === "unshared" ? PROMPT_LENGTH : 1;
  const requests = Array.from({ length: count }, (_, index): SampleRequest => {
    const last = 1 - (7 / 8) * (index / (count - 1));
    return {
      // The first token is the prompt's own: no two prompts are the same.
      prompt: [2 + index, ...tokens(rng, length - 1, config.vocabularySize)],
      count: each,
      maxTokens: work === "dropped" ? Math.round(last * sampledLength) : sampledLength,
      temperature: 1,
      seeds: Array.from({ length: each }, (__, rollout) => `${round} ${index} ${rollout}`),
    };
  });
  let drawn = 0;
  const cost = await timed(async () => {
    const samples = await engine.sample(requests);
    drawn = samples.flat().reduce((sum, sample) => sum + sample.tokens.length, 0);
  });
  const asked = requests.reduce((sum, request) => sum + request.count * request.maxTokens, 0);
  if (drawn !== asked) throw new Error(`${work}: ${asked} tokens were asked for, ${drawn} drawn`);
  return { cost, tokens: drawn };
}

function tokens(rng: Rng, length: number, vocabularySize: number): number[] {
  return Array.from({ length }, () => rng.integer(2, vocabularySize - 1));
}

async function timed(run: () => Promise<unknown>): Promise<Cost> {
  const started = performance.now();
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - started) / 1000, processorSeconds: (user + system) / 1e6 };
}
