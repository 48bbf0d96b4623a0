// The engine on a real adapter, against the processor: any graphics card, or a software driver through
// VK_ICD_FILENAMES (docs/webgpu.md). Skipped aloud where there is none.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession } from "onnxruntime-node";
import { afterAll, describe, expect, it, test } from "vitest";
import { Rng } from "../../../core/rng.js";
import type { Datum, Loss, OptimStep, SampleRequest } from "../../engine.js";
import { type EmbeddedEngine, openEmbedded } from "../embedded.js";
import { modelBytes } from "../graph/onnx.js";
import { type OpenSession, UNGUARDED } from "../graph/program.js";
import { oneBatch, tinyModel, tinySequences } from "../self-test/tiny-model.js";
import { createTestModel, removeTestModels, TEST_CONFIG } from "../test-model.js";
import { Trainer } from "../training/trainer.js";
import { loadedWeights } from "../weights.js";
import { probeAdapter } from "./adapter.js";
import { observe } from "./placement.js";
import { testWebgpu } from "./self-test.js";

const adapter = await probeAdapter();
const folder = mkdtempSync(join(tmpdir(), "coderlplus-webgpu-"));
afterAll(() => {
  removeTestModels();
  rmSync(folder, { recursive: true, force: true });
});

const LIMIT_MS = 300_000;
const STEP: OptimStep = {
  learningRate: 1e-2,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  weightDecay: 0.1,
  gradientClip: 1,
};
const POLICY: Loss = {
  kind: "policy",
  objective: "token-ratio",
  klEstimator: "k3",
  clipLow: 0.2,
  clipHigh: 0.28,
  dualClip: 3,
  klCoefficient: 0.1,
};

function datums(): Datum[] {
  const rng = Rng.of("webgpu");
  return Array.from({ length: 5 }, (_, index): Datum => {
    const length = rng.integer(2, 9);
    const numbers = (of: () => number): Float32Array => Float32Array.from({ length }, of);
    return {
      prompt: [3, 14, 15, 92].slice(index % 3),
      completion: Array.from({ length }, () => rng.integer(0, 287)),
      weights: numbers(() => rng.uniform()),
      advantages: numbers(() => rng.normal()),
      oldLogprobs: numbers(() => -6 + rng.normal()),
      referenceLogprobs: numbers(() => -6 + rng.normal()),
    };
  });
}

const REQUESTS: SampleRequest[] = [1, 0, 0.7].map((temperature) => ({
  prompt: [3, 14, 15],
  count: 2,
  maxTokens: temperature === 0 ? 4 : 7,
  temperature,
  seeds: ["a", "b"],
}));

/** Two updates of two batches each, then what the engine can be asked. */
async function exercise(engine: EmbeddedEngine, checkpoint: string): Promise<Record<string, ArrayLike<number>>> {
  const [data, losses, norms] = [datums(), [] as number[], [] as number[]];
  const update = async (loss: Loss): Promise<void> => {
    for (const half of [data.slice(0, 2), data.slice(2)]) losses.push((await engine.forwardBackward(half, loss)).loss);
    norms.push((await engine.optimStep(STEP)).gradientNorm);
  };
  await update(POLICY);
  await engine.save(checkpoint, { optimizer: true });
  await update({ kind: "cross-entropy" });
  const logprobs = await engine.logprobs(data);
  const reference = await engine.logprobs(data, "reference");
  const samples = (await engine.sample(REQUESTS)).flat();
  const [[embedded, last]] = await engine.hiddenStates([{ tokens: [3, 14, 15], positions: [0, 2] }], [0, 2]);
  await engine.load(checkpoint, { optimizer: true });
  await update({ kind: "cross-entropy" });
  const again = await engine.logprobs(data);
  return {
    losses,
    norms,
    logprobs: flat(logprobs),
    reference: flat(reference),
    tokens: samples.flatMap(({ tokens }) => tokens),
    "sampled logprobs": flat(samples.map((sample) => sample.logprobs)),
    "hidden states": flat([embedded, last]),
    "logprobs after loading and the same update": flat(again),
  };
}

function flat(arrays: readonly Float32Array[]): number[] {
  return arrays.flatMap((array) => [...array]);
}

function expectClose(name: string, found: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(found.length, name).toBe(expected.length);
  for (let at = 0; at < expected.length; at++) {
    const difference = Math.abs(found[at] - expected[at]) / Math.max(1, Math.abs(expected[at]));
    expect(difference, `${name} [${at}]`).toBeLessThan(1e-4);
  }
}

describe.skipIf(adapter.status === "off")("engine.device: webgpu", () => {
  it("passes its self-test", () => {
    expect(adapter).toMatchObject({ status: "ok" });
  });

  it(
    "trains, samples, saves and resumes as the processor does, all nodes on the device",
    async () => {
      // The self-test has a tied head.
      const { folder: model } = createTestModel({ ...TEST_CONFIG, tied: false });
      const engine = await openEmbedded({ model, device: "webgpu" });
      const processor = await openEmbedded({ model, threads: 1 });
      try {
        expect(engine.device).toMatch(/^webgpu: 0 of \d+ nodes run on the CPU$/);
        const found = await exercise(engine, join(folder, "webgpu"));
        const expected = await exercise(processor, join(folder, "processor"));
        for (const [name, values] of Object.entries(expected)) expectClose(name, found[name], values);
        expect(found["logprobs after loading and the same update"]).toEqual(found.logprobs);
        // A checkpoint of one device goes on on the other.
        await processor.load(join(folder, "webgpu"), { optimizer: true });
        await processor.forwardBackward(datums(), { kind: "cross-entropy" });
        await processor.optimStep(STEP);
        const moved = await processor.logprobs(datums());
        expectClose("logprobs on the other device", flat(moved), found.logprobs);
      } finally {
        await Promise.all([engine.close(), processor.close()]);
      }
    },
    LIMIT_MS,
  );

  it(
    "trains adapters as the processor does",
    async () => {
      const model = createTestModel().folder;
      const lora = { rank: 2, alpha: 4, targets: ["q_proj", "v_proj", "down_proj"], seed: 1 } as const;
      const engines = await Promise.all(
        (["webgpu", "cpu"] as const).map((device) => openEmbedded({ model, device, threads: 1, lora })),
      );
      try {
        const results = await Promise.all(
          engines.map(async (engine) => {
            for (let update = 0; update < 2; update++) {
              await engine.forwardBackward(datums(), { kind: "cross-entropy" });
              await engine.optimStep(STEP);
            }
            return [flat(await engine.logprobs(datums())), flat(await engine.logprobs(datums(), "reference"))];
          }),
        );
        const [[found, foundReference], [expected, reference]] = results;
        expectClose("logprobs", found, expected);
        expectClose("reference", foundReference, reference);
        expect(expected).not.toEqual(reference);
      } finally {
        await Promise.all(engines.map((engine) => engine.close()));
      }
    },
    LIMIT_MS,
  );

  it(
    "refuses a gradient that is not finite, forgets it, and goes on",
    async () => {
      const engine = await openEmbedded({ model: createTestModel().folder, device: "webgpu" });
      try {
        const [datum] = datums();
        const before = await engine.logprobs([datum]);
        const broken = { ...datum, weights: datum.weights.map(() => Number.POSITIVE_INFINITY) };
        await engine.forwardBackward([broken], { kind: "cross-entropy" });
        await expect(engine.optimStep(STEP)).rejects.toThrow(
          /the gradient's norm is (NaN|Infinity) at optimizer step 1/,
        );
        expect(await engine.logprobs([datum])).toEqual(before);
        expect((await engine.optimStep(STEP)).gradientNorm).toBe(0);
      } finally {
        await engine.close();
      }
    },
    LIMIT_MS,
  );

  it(
    "refuses to train with the operator forms that the provider computes wrong, and sees which ones fall back",
    async () => {
      const asOnProcessor: OpenSession = (graph, options, resident) =>
        InferenceSession.create(modelBytes(graph), {
          ...options,
          executionProviders: ["webgpu"],
          preferredOutputLocation: Object.fromEntries(
            graph.outputs.map(({ name }) => [name, resident.has(name) ? "gpu-buffer" : "cpu"] as const),
          ),
        });
      await expect(testWebgpu(TEST_CONFIG, UNGUARDED.guard, asOnProcessor)).rejects.toThrow(
        /the gradient of ".*" differs from the processor's by .* use engine.device: cpu/,
      );
      const observer = observe(asOnProcessor);
      const model = tinyModel(TEST_CONFIG);
      const trainer = new Trainer(model, { ...UNGUARDED, open: observer.open });
      await trainer.logprobs(loadedWeights(model, model.weights), oneBatch(tinySequences(model)));
      const { fallbacks } = await observer.finish();
      const operators = fallbacks.map(({ operator }) => operator);
      expect(operators).toEqual(expect.arrayContaining(["FusedMatMul", "LogSoftmax"]));
    },
    LIMIT_MS,
  );
});

test.skipIf(adapter.status !== "off")(`engine.device: webgpu is not tested: ${adapter.detail}`, () => {});
