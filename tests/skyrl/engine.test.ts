// Our engine over a real SkyRL beside the embedded engine, from the same weights and the same first adapters: what the
// server reduces otherwise is made up for, so that one update of either is one update of both. From the second on they part:
// SkyRL's adapters share their first factor among q, k and v, and among gate and up.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ADAPTER_FOLDER } from "../../src/engines/embedded/checkpoints.js";
import { type EmbeddedEngine, openEmbedded } from "../../src/engines/embedded/embedded.js";
import type { Datum, Engine, Loss } from "../../src/engines/engine.js";
import { openTinker } from "../../src/engines/tinker/client/open.js";
import { openTinkerEngine } from "../../src/engines/tinker/engine/engine.js";
import { ADAM, largestDifference } from "./datums.js";
import { isWithoutSkyrl, RANK, SKYRL_ALPHA, type SkyrlServer, startSkyrl } from "./server.js";
import { writeTinyQwen3 } from "./tiny-model.js";

const SEED = 7;
const LORA = { rank: RANK, seed: SEED };
const TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"] as const;
const SEQUENCES = [
  { prompt: [40, 41, 42], completion: [101, 7, 260, 33, 91] },
  { prompt: [9, 8, 7, 6, 5], completion: [50, 60] },
];
const POLICY = {
  kind: "policy",
  objective: "token-ratio",
  klEstimator: "k3",
  klCoefficient: 0,
  clipLow: 0.2,
  clipHigh: 0.28,
  dualClip: null,
} as const;
const LOSSES: ReadonlyArray<readonly [string, Loss]> = [
  ["cross-entropy with weights of either sign", { kind: "cross-entropy" }],
  ["a policy loss of the server's own", POLICY],
  ["a policy loss that the server does not know", { ...POLICY, klCoefficient: 0.1, dualClip: 3 }],
];

describe.skipIf(isWithoutSkyrl("our engine over SkyRL"))("the engine over a real SkyRL", () => {
  const folder = mkdtempSync(join(tmpdir(), "coderlplus-skyrl-"));
  const model = join(folder, "model");
  const start = join(folder, "start");
  const notices: string[] = [];
  let server: SkyrlServer;
  let embedded: EmbeddedEngine;

  beforeAll(async () => {
    writeTinyQwen3(model);
    server = await startSkyrl({ model, folder });
    embedded = await openEmbedded({
      model,
      threads: 1,
      lora: { rank: RANK, alpha: SKYRL_ALPHA, targets: [...TARGETS], seed: SEED },
    });
    await fetchAdapters();
  });
  afterAll(async () => {
    await embedded?.close();
    await server?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The adapters that SkyRL makes of the seed, as a checkpoint of the embedded engine. */
  const fetchAdapters = async (): Promise<void> => {
    const client = await openTinker({ baseUrl: server.url, apiKey: "tml-none" });
    const fresh = await client.createModel({ baseModel: model, lora: LORA });
    const archive = join(folder, "adapters.tar.gz");
    await client.downloadCheckpoint(await fresh.saveWeightsForSampler("fresh"), archive);
    cpSync(model, start, { recursive: true });
    mkdirSync(join(start, ADAPTER_FOLDER), { recursive: true });
    execFileSync("tar", ["-xzf", archive, "-C", join(start, ADAPTER_FOLDER)]);
    await fresh.unload();
    await client.close();
  };

  const open = (): Promise<Engine> =>
    openTinkerEngine({
      baseUrl: server.url,
      model,
      tokenizer: embedded.model.tokenizer,
      contextLength: embedded.model.contextLength,
      profile: "auto",
      wire: "auto",
      lora: { ...LORA, trainMlp: true, trainAttention: true, trainUnembed: true },
      requestsInFlight: 8,
      sequencesPerRequest: null,
      reference: true,
      patienceMs: 600_000,
      onNotice: (notice) => notices.push(notice),
    });

  it.each(LOSSES)("makes the embedded engine's update of %s", async (_, loss) => {
    const engine = await open();
    await embedded.load(start, { optimizer: false });
    const before = await embedded.logprobs(SEQUENCES);
    expect(differences(await engine.logprobs(SEQUENCES), before)).toBeLessThan(1e-4);
    expect(differences(await engine.logprobs(SEQUENCES, "reference"), before)).toBeLessThan(1e-4);
    const datums = datumsOf(before, loss);
    const [own, theirs] = [await embedded.forwardBackward(datums, loss), await engine.forwardBackward(datums, loss)];
    expect(theirs.loss).toBeCloseTo(own.loss, 3);
    // At the seam 0 would be a gradient of nothing; the server takes no clip.
    const step = { ...ADAM, learningRate: 0.001, gradientClip: 1e9 };
    const expected = await embedded.optimStep(step);
    expect((await engine.optimStep(step)).gradientNorm).toBeCloseTo(expected.gradientNorm ?? Number.NaN, 2);
    const after = await embedded.logprobs(SEQUENCES);
    expect(differences(after, before)).toBeGreaterThan(0.05);
    expect(differences(await engine.logprobs(SEQUENCES), after)).toBeLessThan(0.005);
    await engine.close();
  });

  it("finds out by itself what the server is", () => {
    expect(notices.join("\n")).toContain("profile skyrl-jax");
  });
});

function differences(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  return Math.max(...a.map((values, i) => largestDifference(values, b[i])));
}

/** Ratios inside and outside the clip's bounds, weights and advantages of either sign. */
function datumsOf(logprobs: readonly Float32Array[], loss: Loss): Datum[] {
  return SEQUENCES.map((sequence, i) => {
    const own = logprobs[i];
    if (loss.kind === "cross-entropy") return { ...sequence, weights: own.map((_, t) => (t % 2 === 0 ? 0.5 : -0.25)) };
    return {
      ...sequence,
      weights: own.map((_, t) => 0.1 * (t + 1)),
      advantages: own.map((_, t) => (t % 2 === 0 ? 1 : -0.5)),
      oldLogprobs: own.map((logprob, t) => logprob - Math.log([1.05, 1.6, 0.6, 4][(t + i) % 4])),
      referenceLogprobs: own.map((logprob, t) => logprob + (t % 2 === 0 ? 0.3 : -0.2)),
    };
  });
}
