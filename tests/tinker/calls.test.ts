// Faults of every kind on every kind of call: what comes of a lesson is what comes of it without, bit for bit.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { messageOf } from "../../src/core/errors.js";
import { createTestModel, removeTestModels } from "../../src/engines/embedded/test-model.js";
import { serveEngine } from "../../src/engines/tinker/server/serve.js";
import { firstOf, randomly, smallChunks, survivable } from "./fault-plans.js";
import { type FaultyProxy, openFaultyProxy, type Plan } from "./faulty-proxy.js";
import { lesson, type Outcome } from "./lesson.js";

const nightly = process.env["CODERLPLUS_NIGHTLY"] === "1";
const seeds = (count: number): string[] => Array.from({ length: count }, (_, i) => `calls ${i}`);
const folder = mkdtempSync(join(tmpdir(), "coderlplus-calls-"));
let server: Awaited<ReturnType<typeof serveEngine>>;
let proxy: FaultyProxy;
let expected: Outcome;
/** Of the lesson without faults. */
const names = new Set<string>();

beforeAll(async () => {
  server = await serveEngine({ model: createTestModel().folder, folder, port: 0, models: 2, threads: 1 });
  proxy = await openFaultyProxy(server.url, smallChunks());
  expected = await lesson({ baseUrl: proxy.url });
  for (const { name } of proxy.passed) if (name !== "session_heartbeat") names.add(name);
});
afterAll(async () => {
  await proxy.close();
  await server.close();
  removeTestModels();
  rmSync(folder, { recursive: true, force: true });
});

it("a lesson uses every call that training needs", () => {
  expect([...names].toSorted()).toEqual([
    "asample",
    "config",
    "create_model",
    "create_sampling_session",
    "create_session",
    "forward_backward",
    "get_server_capabilities",
    "load_weights",
    "optim_step",
    "poll asample",
    "poll create_model",
    "poll forward_backward",
    "poll load_weights",
    "poll optim_step",
    "poll save_weights",
    "poll save_weights_for_sampler",
    "poll unload_model",
    "save_weights",
    "save_weights_for_sampler",
    "unload_model",
  ]);
});

const faults = (): number => [...proxy.happened.values()].reduce((total, count) => total + count, 0);

async function under(plan: Plan): Promise<void> {
  proxy.plan = smallChunks(plan);
  expect(await lesson({ baseUrl: proxy.url })).toEqual(expected);
}

it.each(nightly ? seeds(50) : seeds(3))(
  "a lesson is the same, bit for bit, whatever happens to its calls: %s",
  async (seed) => {
    const before = faults();
    await under(randomly(seed, 0.5));
    expect(faults()).toBeGreaterThan(before);
  },
);

it.runIf(nightly)(
  "a lesson is the same when the first try of any one call meets any one fault",
  async () => {
    const failed: string[] = [];
    for (const name of names) {
      for (const fault of survivable(name)) {
        await under(firstOf((other) => other === name, fault)).catch((error: unknown) => {
          failed.push(`${name}: ${JSON.stringify(fault)}: ${messageOf(error)}`);
        });
      }
    }
    expect(failed).toEqual([]);
  },
  3_600_000,
);
