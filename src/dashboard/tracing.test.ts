import { describe, expect, it } from "vitest";
import { OverloadError } from "../core/errors.js";
import { Tracing } from "./tracing.js";

const forever = (): Promise<never> => new Promise(() => {});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("the sandbox behind the trace view", () => {
  it("is opened when it is first asked for, serves one after the other, and is closed when nobody asks", async () => {
    const tracing = new Tracing({ idleMs: 50 });
    expect(tracing.isOpen).toBe(false);
    const order: string[] = [];
    const trace = (name: string) =>
      tracing.use(async () => {
        order.push(`${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        order.push(`${name} ends`);
        return tracing.isOpen;
      });
    expect(await Promise.all([trace("a"), trace("b")])).toEqual([true, true]);
    expect(order).toEqual(["a begins", "a ends", "b begins", "b ends"]);
    await until(() => !tracing.isOpen);
    await tracing.close();
    await expect(trace("c")).rejects.toThrow("the dashboard is closing");
  });

  it("gives up a trace that takes too long, and goes on with a fresh sandbox", async () => {
    const tracing = new Tracing({ deadlineMs: 30 });
    await expect(tracing.use(forever)).rejects.toThrow("no trace within 0.03 s");
    expect(tracing.isOpen).toBe(false);
    expect(await tracing.use(() => Promise.resolve(7))).toBe(7);
    await tracing.close();
  });

  it("lets only so many wait", async () => {
    const tracing = new Tracing({ deadlineMs: 30 });
    const asked = Array.from({ length: 9 }, () => tracing.use(forever).catch((error: unknown) => error));
    expect(await asked[8]).toBeInstanceOf(OverloadError);
    await tracing.close();
    await Promise.all(asked);
  });
});
