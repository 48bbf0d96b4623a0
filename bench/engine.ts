// Speed of the embedded engine on the default model's shape: `npx tsx bench/engine.ts [--threads N] [--steps N] [--json]`.
// One step is 32 prompts x 8 rollouts sampled, then trained in two mini-batches. The weights are random, so lengths
// are fixed by maxTokens, spread as trained rollouts are.

import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Rng } from "../src/core/rng.js";
import { openEmbedded } from "../src/engines/embedded/embedded.js";
import { traitsOf } from "../src/engines/embedded/families/families.js";
import type { DecoderConfig } from "../src/engines/embedded/model/config.js";
import { createModel } from "../src/engines/embedded/model/create-model.js";
import { testTokenizerJson } from "../src/engines/embedded/test-model.js";
import type { Datum, Engine, SampleRequest } from "../src/engines/engine.js";

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: String(availableParallelism()) },
    steps: { type: "string", default: "6" },
    rows: { type: "string" },
    tokens: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

const CONFIG: DecoderConfig = {
  ...traitsOf("qwen2"),
  vocabularySize: 512,
  hiddenSize: 96,
  layers: 3,
  heads: 4,
  keyValueHeads: 4,
  headSize: 24,
  feedForwardSize: 256,
  contextLength: 256,
  normEpsilon: 1e-6,
  rope: { theta: 10_000, scaling: { kind: "none" } },
  tied: true,
};
const PROMPTS = 32;
const ROLLOUTS = 8;

interface StepResult {
  readonly processorSeconds: number;
  readonly sampleSeconds: number;
  readonly trainSeconds: number;
  readonly sampled: number;
  readonly trained: number;
  readonly firstRatioError: number;
}

/** Code prompts of about 50 tokens, alignment prompts longer, as 60 / 40. */
function requests(step: number): SampleRequest[] {
  const rng = Rng.of("bench", step);
  return Array.from({ length: PROMPTS }, (_, prompt) => ({
    prompt: Array.from({ length: prompt < 19 ? rng.integer(40, 60) : rng.integer(90, 130) }, () => rng.integer(2, 511)),
    count: ROLLOUTS,
    maxTokens: rng.integer(25, 65),
    temperature: 1,
    seeds: Array.from({ length: ROLLOUTS }, (_, rollout) => `${step} ${prompt} ${rollout}`),
  }));
}

async function runStep(engine: Engine, step: number): Promise<StepResult> {
  const asked = requests(step);
  const rng = Rng.of("advantages", step);
  const busy = process.cpuUsage();
  const start = performance.now();
  const samples = await engine.sample(asked);
  const between = performance.now();
  const data = asked.flatMap(({ prompt }, request) =>
    samples[request].map(({ tokens, logprobs }): Datum => {
      const fill = (value: number): Float32Array => new Float32Array(tokens.length).fill(value);
      return { prompt, completion: tokens, weights: fill(1e-4), advantages: fill(rng.normal()), oldLogprobs: logprobs };
    }),
  );
  let error = 0;
  for (const half of [0, 1]) {
    const batch = data.filter((_, index) => Math.floor(index / ROLLOUTS) % 2 === half);
    const loss = { kind: "policy", clipLow: 0.2, clipHigh: 0.2, dualClip: 3, klCoefficient: 0 } as const;
    const { logprobs } = await engine.forwardBackward(batch, loss);
    if (half === 0) error = largestRatioError(batch, logprobs);
    await engine.optimStep({
      learningRate: 3e-4,
      beta1: 0.9,
      beta2: 0.99,
      epsilon: 1e-8,
      weightDecay: 0,
      gradientClip: 1,
    });
  }
  const { user, system } = process.cpuUsage(busy);
  return {
    processorSeconds: (user + system) / 1e6,
    sampleSeconds: (between - start) / 1000,
    trainSeconds: (performance.now() - between) / 1000,
    sampled: samples.flat().reduce((sum, { tokens }) => sum + tokens.length, 0),
    trained: data.reduce((sum, { prompt, completion }) => sum + prompt.length + completion.length, 0),
    firstRatioError: error,
  };
}

function largestRatioError(batch: readonly Datum[], logprobs: readonly Float32Array[]): number {
  const errors = batch.flatMap(({ oldLogprobs }, index) =>
    [...(oldLogprobs ?? [])].map((old, at) => Math.abs(Math.exp(logprobs[index][at] - old) - 1)),
  );
  return Math.max(...errors);
}

const folder = mkdtempSync(join(tmpdir(), "coderlplus-bench-"));
const threads = Number(values.threads);
createModel(join(folder, "model"), CONFIG, testTokenizerJson(), 1, { endToken: "<|endoftext|>" });
const engine = await openEmbedded({
  model: join(folder, "model"),
  threads,
  ...(values.rows ? { samplingRows: Number(values.rows) } : {}),
  ...(values.tokens ? { microBatchTokens: Number(values.tokens) } : {}),
});
const results: StepResult[] = [];
for (let step = 0; step < Number(values.steps); step++) results.push(await runStep(engine, step));
await engine.close();
rmSync(folder, { recursive: true });

const median = (of: (result: StepResult) => number): number => {
  const sorted = results
    .slice(1)
    .map(of)
    .sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
};
const report = {
  threads,
  parameters: engine.model.parameters,
  stepSeconds: median(({ sampleSeconds, trainSeconds }) => sampleSeconds + trainSeconds),
  processorSeconds: median(({ processorSeconds }) => processorSeconds),
  samplingTokensPerSecond: median(({ sampled, sampleSeconds }) => sampled / sampleSeconds),
  trainingTokensPerSecond: median(({ trained, trainSeconds }) => trained / trainSeconds),
  firstRatioError: Math.max(...results.map(({ firstRatioError }) => firstRatioError)),
  peakMemoryMegabytes: process.resourceUsage().maxRSS / 1024,
};
const text = Object.entries(report).map(([name, value]) => `${name.padEnd(24)} ${Number(value.toPrecision(4))}`);
process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : `${text.join("\n")}\n`);
