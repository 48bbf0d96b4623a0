// Back-pressure, with a clock moved by hand: who is told to slow down makes everybody wait.

import { setMaxListeners } from "node:events";
import { expect, test } from "vitest";
import { fit } from "../protocol/json.js";
import { clientConfigResponse } from "../protocol/messages.js";
import type { Clock } from "./clock.js";
import { keyCredentials } from "./credentials.js";
import { SampleDispatch } from "./dispatch.js";
import { Notices } from "./notices.js";
import { openTestServer } from "./test-server.js";
import { Transport } from "./transport.js";

class HandClock implements Clock {
  #nowMs = 0;
  readonly sleepers: Array<{ readonly untilMs: number; readonly wake: () => void }> = [];

  nowMs(): number {
    return this.#nowMs;
  }
  wallMs(ms: number): number {
    return ms;
  }
  limitMs(ms: number): number {
    return ms;
  }
  pause(ms: number): Promise<void> {
    return new Promise((wake) => void this.sleepers.push({ untilMs: this.#nowMs + ms, wake }));
  }
  advance(ms: number): void {
    this.#nowMs += ms;
    for (const { untilMs, wake } of this.sleepers.splice(0)) {
      if (untilMs <= this.#nowMs) wake();
      else this.sleepers.push({ untilMs, wake });
    }
  }
}

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

test.each([
  ["short", 10, 1000],
  ["long", 20_000, 5000],
])("after a 429 of a %s prompt nobody sends for a while, then ten at once", async (_, tokens, pauseMs) => {
  let now = 0;
  let most = 0;
  const server = await openTestServer({
    async fault({ path, nth }) {
      if (path !== "asample") return undefined;
      if (nth === 0) return { status: 429, body: { detail: "too many" } };
      most = Math.max(most, ++now);
      await soon();
      now--;
      return undefined;
    },
  });
  const clock = new HandClock();
  const told: string[] = [];
  const transport = new Transport(server.url, clock, keyCredentials(null));
  const notices = new Notices(clock, (notice) => void told.push(notice));
  const closed = new AbortController().signal;
  setMaxListeners(0, closed);
  const link = { transport, notices, patienceMs: 60_000, billingPauseMs: 0, closed };
  const dispatch = new SampleDispatch(fit(clientConfigResponse, {}, "defaults"));
  const send = (size: number): Promise<unknown> => {
    const body = { prompt: { chunks: [{ tokens: [1] }] }, num_samples: 1 };
    return dispatch.send(link, { name: "sampling" }, { method: "POST", path: "asample", body }, size, closed);
  };
  const first = send(tokens);
  while (clock.sleepers.length === 0) await soon();
  const others = Array.from({ length: 25 }, () => send(10));
  await soon();
  expect(server.to("asample")).toHaveLength(1);
  clock.advance(pauseMs - 1);
  await soon();
  expect(server.to("asample")).toHaveLength(1);
  clock.advance(1);
  await Promise.all([first, ...others]);
  expect(server.to("asample")).toHaveLength(27);
  expect(most).toBeLessThanOrEqual(11);
  expect(told).toEqual([expect.stringMatching(/asks for less sampling at once \(too many\); slowing down/)]);
  transport.close();
  await server.close();
});
