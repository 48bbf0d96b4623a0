// Sampling by the hundred: limits, back-pressure, results that expire, and callers that change their mind.

import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import type { TinkerOptions } from "./client.js";
import { connected, prompt } from "./test-client.js";
import type { Script } from "./test-server.js";

async function sampling(script: Script = {}, options: TinkerOptions = {}) {
  const connection = await connected(script, options);
  return { ...connection, sampler: await connection.client.sampler({ baseModel: "tiny" }) };
}

test("no more requests are under way than the server allows", async () => {
  let now = 0;
  let most = 0;
  const { sampler, server } = await sampling({
    config: { sample_max_concurrent_requests: 3 },
    async fault({ path }) {
      if (path === "asample") most = Math.max(most, ++now);
      if (path === "retrieve_future") {
        await new Promise((resolve) => setTimeout(resolve, 2));
        now--;
      }
      return undefined;
    },
  });
  await Promise.all(Array.from({ length: 20 }, (_, at) => sampler.sample(prompt(at))));
  expect(most).toBe(3);
  const ids = server.to("asample").map(({ json }) => json["seq_id"]);
  expect(ids).toEqual(Array.from({ length: 20 }, (_, at) => at));
});

test("prompts on their way are bounded in bytes, and one that is larger goes alone", async () => {
  let now = 0;
  let most = 0;
  const { sampler } = await sampling({
    config: { sample_dispatch_bytes_semaphore_size: 100 },
    async fault({ path }) {
      if (path !== "asample") return undefined;
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 2));
      now--;
      return undefined;
    },
  });
  await Promise.all(Array.from({ length: 8 }, () => sampler.sample(prompt(1, 2, 3, 4, 5))));
  expect(most).toBe(2);
  most = 0;
  await Promise.all(Array.from({ length: 3 }, () => sampler.sample(prompt(...Array.from({ length: 50 }, () => 7)))));
  expect(most).toBe(1);
});

const full = { status: 429, body: { detail: "too many wait" } };

test("a server that takes no request for as long as the client is patient is named once, with its words", async () => {
  const script = { fault: ({ path }) => (path === "asample" ? full : undefined) } satisfies Script;
  const { sampler, notices } = await sampling(script, { patienceMs: 30_000 });
  const ended = await Promise.allSettled(Array.from({ length: 3 }, (_, at) => sampler.sample(prompt(at))));
  for (const one of ended) {
    expect(one).toMatchObject({ status: "rejected", reason: { kind: "away", status: 429, says: "too many wait" } });
    expect(String((one as PromiseRejectedResult).reason)).toMatch(
      /sampling: status 429 \(too many wait\); nothing else for \d+ (seconds|minutes): the server's log says more$/,
    );
  }
  expect(notices[0]).toMatch(/asks for less sampling at once \(too many wait\); slowing down$/);
});

test("a request is refused for longer than that while the server takes others", async () => {
  const startMs = performance.now();
  let refusals = 0;
  const { sampler } = await sampling(
    {
      fault: ({ path, json }) => {
        if (path !== "asample" || !JSON.stringify(json["prompt"]).includes("[9]")) return undefined;
        refusals++;
        return performance.now() - startMs < 900 ? full : undefined;
      },
    },
    { patienceMs: 40_000, timeScale: 0.01 },
  );
  let done = false;
  const unlucky = sampler.sample(prompt(9)).finally(() => (done = true));
  while (!done) await sampler.sample(prompt(1));
  expect((await unlucky).sequences[0].tokens).toEqual([9]);
  expect(refusals).toBeGreaterThan(1);
});

test("a result that has expired is sampled anew, as another request", async () => {
  const expired = { status: 410, body: { detail: "promise expired" } };
  const { sampler, server } = await sampling({
    fault: ({ path, nth }) => (path === "retrieve_future" && nth < 2 ? expired : undefined),
  });
  expect((await sampler.sample(prompt(3, 4))).sequences[0].tokens).toEqual([3, 4]);
  const sent = server.to("asample");
  expect(sent.map(({ json }) => json["seq_id"])).toEqual([0, 1, 2]);
  expect(new Set(sent.map(({ headers }) => headers["x-idempotency-key"])).size).toBe(3);
});

test("a sampler that the server has given up is lost, not sampled anew", async () => {
  const { sampler, server } = await sampling({
    fault: ({ path }) => (path === "asample" ? { status: 410, body: { detail: "its weights are gone" } } : undefined),
  });
  await expect(sampler.sample(prompt(1))).rejects.toMatchObject({ name: "EngineLostError", status: 410 });
  expect(server.to("asample")).toHaveLength(1);
});

test("one that is called off ends at once with its reason, wherever it was, and frees its place", async () => {
  const { sampler, server } = await sampling({
    config: { sample_max_concurrent_requests: 2 },
    fault: ({ path, json }) => {
      const [chunk] = (json["prompt"] as { chunks: Array<{ tokens: number[] }> } | undefined)?.chunks ?? [];
      if (path === "asample" && chunk?.tokens[0] === 1) return "silence";
      return undefined;
    },
  });
  const enough = new AbortController();
  const sent = [sampler.sample(prompt(1), enough.signal), sampler.sample(prompt(1), enough.signal)];
  const waiting = sampler.sample(prompt(1), enough.signal);
  const other = sampler.sample(prompt(2));
  while (server.to("asample").length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  enough.abort(new Error("enough"));
  for (const one of [...sent, waiting]) await expect(one).rejects.toThrow("enough");
  expect((await other).sequences[0].tokens).toEqual([2]);
  await expect(sampler.sample(prompt(1), enough.signal)).rejects.toThrow("enough");
  expect(server.to("asample")).toHaveLength(3);
});

test("one signal for many requests has no listeners when they are done", async () => {
  const { sampler } = await sampling();
  const warnings: Error[] = [];
  const listener = (warning: Error): void => void warnings.push(warning);
  process.on("warning", listener);
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: 20 }, () => sampler.sample(prompt(1), signal)));
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", listener);
  expect(getEventListeners(signal, "abort")).toEqual([]);
  expect(warnings).toEqual([]);
});

test("texts as seeds go to servers of this project alone", async () => {
  const request = { ...prompt(1), parameters: { maxTokens: 4, seeds: ["a"] } };
  const strange = await sampling();
  await strange.sampler.sample(request);
  expect(strange.server.to("asample")[0].json["sampling_params"]).toEqual({ max_tokens: 4 });
  const own = await sampling({ config: { coderlplus: { version: "1" } } });
  await own.sampler.sample(request);
  expect(own.server.to("asample")[0].json["sampling_params"]).toMatchObject({ seeds: ["a"] });
});
