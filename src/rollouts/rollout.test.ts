import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type EmbeddedEngine, openEmbedded } from "../engines/embedded/embedded.js";
import type { Engine, SampleEvent } from "../engines/engine.js";
import { type Prompt, type Rollout, type RolloutGroup, sampleGroups } from "./rollout.js";

let engine: EmbeddedEngine;
beforeAll(async () => {
  engine = await openEmbedded({ model: fileURLToPath(new URL("../../assets/model/", import.meta.url)), threads: 1 });
});
afterAll(() => engine.close());

const prompts = ["one", "a second, longer prompt", "3"].map((text) => ({ text }) as Prompt);

/** The groups, and what was told of each rollout on the way. */
async function sampled(from: Engine): Promise<{ groups: RolloutGroup[]; told: Rollout[][] }> {
  const told = prompts.map((): Rollout[] => []);
  const groups = await sampleGroups(from, prompts, { groupSize: 3, temperature: 1, maximumTokens: 9 }, [1], {
    tokens: () => {},
    finished: (group, index, rollout) => {
      expect(told[group][index]).toBeUndefined();
      told[group][index] = rollout;
    },
  });
  return { groups, told };
}

/** The engine, with its events told last to first, or not at all. */
function retold(events: "reversed" | "none"): Engine {
  const other = Object.create(engine) as Engine;
  const sample: Engine["sample"] = async (requests, onEvent) => {
    const kept: SampleEvent[] = [];
    const samples = await engine.sample(requests, (event) => kept.unshift(event));
    if (events === "reversed") for (const event of kept) onEvent?.(event);
    return samples;
  };
  return Object.assign(other, { model: engine.model, sample });
}

it("fails where whoever is told fails, and the engine goes on", async () => {
  const failing = sampleGroups(engine, prompts, { groupSize: 3, temperature: 1, maximumTokens: 9 }, [1], {
    tokens: () => {},
    finished: () => {
      throw new Error("nobody listens");
    },
  });
  await expect(failing).rejects.toThrow("nobody listens");
  expect((await sampled(engine)).groups).toHaveLength(3);
});

it("tells of each rollout once, and gives the same groups in whatever order they end", async () => {
  const { groups, told } = await sampled(engine);
  expect(groups.map(({ rollouts }) => rollouts)).toEqual(told);
  expect(told.map((group) => group.length)).toEqual([3, 3, 3]);
  for (const events of ["reversed", "none"] as const) {
    const again = await sampled(retold(events));
    expect(again.groups).toEqual(groups);
    expect(again.told).toEqual(told);
  }
});
