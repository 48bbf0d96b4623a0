// The same datums give the same update, whatever a server makes of its losses: against the embedded engine, over the
// reductions by their definitions. Over the wire it is in engine.test.ts.

import { afterAll, beforeAll, expect, it } from "vitest";
import { type EmbeddedEngine, openEmbedded } from "../../embedded/embedded.js";
import { createTestModel, removeTestModels } from "../../embedded/test-model.js";
import { largestDifference } from "../../embedded/test-requests.js";
import type { Datum, Engine } from "../../engine.js";
import type { TinkerClient } from "../client/client.js";
import { type Profile, profiles } from "./profile.js";
import { RemoteEngine } from "./remote-engine.js";
import { GENTLE, losses, trainingDatums, twoSteps } from "./test-losses.js";
import { trainingOver } from "./test-training.js";

const { folder } = createTestModel();
let engine: EmbeddedEngine;
let datums: Datum[];
/** What the embedded engine's own losses make of the same datums, one loss after the other. */
const expected = new Map<string, Awaited<ReturnType<typeof twoSteps>>>();
beforeAll(async () => {
  engine = await openEmbedded({ model: folder, threads: 1 });
  datums = await trainingDatums(engine);
  for (const [name, loss] of losses) expected.set(name, await twoSteps(engine, datums, loss));
});
afterAll(async () => {
  await engine.close();
  removeTestModels();
});

function remoteOver(profile: Profile): Engine {
  const training = trainingOver(engine, profile.reduction);
  const { tokenizer, contextLength } = engine.model;
  const client = { baseUrl: "http://127.0.0.1", flags: { coderlplus: null } } as TinkerClient;
  const options = {
    baseUrl: null,
    model: "test",
    tokenizer,
    contextLength,
    profile: profile.name,
    wire: "auto",
    lora: null,
    requestsInFlight: 1,
    sequencesPerRequest: null,
    reference: false,
    patienceMs: 0,
  } as const;
  const opened = { profile, lora: { rank: 0 }, training, reference: null, hasReference: false, contextLength };
  return new RemoteEngine(client, options, opened);
}

it("takes all datums of a step in one call where a server takes the mean over them", async () => {
  const remote = remoteOver(profiles["skyrl-jax"]);
  const loss = { kind: "cross-entropy" } as const;
  await remote.forwardBackward(datums.slice(0, 2), loss);
  await expect(remote.forwardBackward(datums.slice(2, 4), loss)).rejects.toThrow(
    "skyrl-jax takes the mean over all datums of a step, so that all have to come in one forwardBackward",
  );
  await remote.optimStep(GENTLE);
  await remote.forwardBackward(datums.slice(2, 4), loss);
});

it.each(["skyrl-jax", "skyrl-fsdp", "opentinker"] as const)(
  "makes the updates that the embedded engine makes, through the losses of %s",
  async (name) => {
    const remote = remoteOver(profiles[name]);
    await engine.load(folder, { optimizer: false });
    for (const [what, loss] of losses) {
      const found = await twoSteps(remote, datums, loss);
      const wanted = expected.get(what);
      expect(largestDifference(found.logprobs, wanted?.logprobs ?? []), what).toBeLessThan(1e-5);
      if (name !== "opentinker") expect(found.gradientNorm, what).toBeCloseTo(wanted?.gradientNorm ?? Number.NaN, 4);
      for (const [i, value] of found.losses.entries()) expect(value, what).toBeCloseTo(wanted?.losses[i] ?? 0, 5);
    }
  },
);
