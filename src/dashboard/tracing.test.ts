import { describe, expect, it } from "vitest";
import { CancelledError, OverloadError } from "../core/errors.js";
import { defaultLimits } from "../problems/problem.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { trace } from "../tracer/tracer.js";
import { refusalOf } from "./refusal.js";
import { Tracing } from "./tracing.js";

/** Ends as the sandbox does, when it is called off. */
const forever = (sandbox: Sandbox, signal: AbortSignal): Promise<unknown> =>
  trace(
    sandbox,
    "while True:\n    pass",
    { kind: "stdio", stdin: "" },
    { signal, limits: { ...defaultLimits, timeMs: 1e6 } },
  );

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("the sandbox behind the trace view", () => {
  it("is opened when it is first asked for, serves one after the other, and is closed when nobody asks", async () => {
    const tracing = new Tracing({ idleMs: 50 });
    expect(tracing.isOpen).toBe(false);
    const order: string[] = [];
    const take = (name: string) =>
      tracing.use(async () => {
        order.push(`${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        order.push(`${name} ends`);
        return tracing.isOpen;
      });
    expect(await Promise.all([take("a"), take("b")])).toEqual([true, true]);
    expect(order).toEqual(["a begins", "a ends", "b begins", "b ends"]);
    await until(() => !tracing.isOpen);
    await tracing.close();
    await expect(take("c")).rejects.toThrow("the dashboard is closing");
  });

  it("gives up a trace that takes too long, in words for people, and goes on in the same sandbox", async () => {
    const tracing = new Tracing({ deadlineMs: 30 });
    const endless = tracing.use(forever);
    await expect(endless).rejects.toThrow("tracing took too long: given up after 0.03 s");
    expect(refusalOf(await endless.catch((error: unknown) => error), () => {}).status).toBe(503);
    expect(tracing.isOpen).toBe(true);
    expect(await tracing.use(() => Promise.resolve(7))).toBe(7);
    await tracing.close();
  });

  it("takes a fresh sandbox where what was given up goes on", async () => {
    const tracing = new Tracing({ deadlineMs: 30, graceMs: 10 });
    await expect(tracing.use(() => new Promise(() => {}))).rejects.toThrow("tracing took too long");
    expect(tracing.isOpen).toBe(false);
    expect(await tracing.use(() => Promise.resolve(7))).toBe(7);
    await tracing.close();
  });

  it("ends, or does not begin, what nobody waits for any more", async () => {
    const tracing = new Tracing();
    const leaving = new AbortController();
    let isRunning = false;
    const running = tracing.use((sandbox, signal) => {
      isRunning = true;
      return forever(sandbox, signal);
    }, leaving.signal);
    const waiting = tracing.use(() => Promise.resolve("begun"), leaving.signal);
    await until(() => isRunning);
    leaving.abort();
    await expect(running).rejects.toThrow(CancelledError);
    await expect(waiting).rejects.toThrow("nobody waits for the trace any more");
    expect(tracing.isOpen).toBe(true);
    await tracing.close();
  });

  it("says that it is closing, not that something failed, of a trace that its end has cut short", async () => {
    const tracing = new Tracing();
    const cut = tracing.use(async (sandbox) => {
      await tracing.close();
      return sandbox.lease(() => Promise.resolve(0));
    });
    await expect(cut).rejects.toThrow("the dashboard is closing");
  });

  it("lets only so many wait", async () => {
    const tracing = new Tracing({ deadlineMs: 30 });
    const asked = Array.from({ length: 9 }, () => tracing.use(forever).catch((error: unknown) => error));
    expect(await asked[8]).toBeInstanceOf(OverloadError);
    await tracing.close();
    await Promise.all(asked);
  });
});
