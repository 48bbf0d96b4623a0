import { describe, expect, test } from "vitest";
import { CancelledError } from "../core/errors.js";
import { Admission, type AdmissionOptions, BusyError } from "./admission.js";

const never = new AbortController().signal;

/** Work that ends when told; `begun` tells in which order it began. */
function bench(options: AdmissionOptions) {
  const admission = new Admission(options);
  const begun: string[] = [];
  const endings: Array<() => void> = [];
  const start = (client: string, name = client, signal = never): Promise<void> =>
    admission.run(client, signal, () => {
      begun.push(name);
      return new Promise((end) => endings.push(end));
    });
  const endFirst = async (): Promise<void> => {
    endings.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { admission, begun, start, endFirst };
}

describe("admission", () => {
  test("clients take turns, however much one of them has asked for", async () => {
    const { begun, start, endFirst } = bench({ running: 1, waiting: 10 });
    const all = ["a", "a", "a", "a", "b", "b", "c"].map((client) => start(client));
    for (let ended = 0; ended < all.length; ended++) await endFirst();
    await Promise.all(all);
    expect(begun).toEqual(["a", "a", "b", "c", "a", "b", "a"]);
  });

  test("what one client asks for begins in the order it was asked", async () => {
    const { begun, start, endFirst } = bench({ running: 1, waiting: 10 });
    const all = ["1", "2", "3"].map((name) => start("a", name));
    for (let ended = 0; ended < all.length; ended++) await endFirst();
    await Promise.all(all);
    expect(begun).toEqual(["1", "2", "3"]);
  });

  test("no more runs at once than may", async () => {
    const { admission, begun, start, endFirst } = bench({ running: 2, waiting: 10 });
    const all = ["a", "b", "c"].map((client) => start(client));
    expect({ begun: [...begun], running: admission.running, waiting: admission.waiting }).toEqual({
      begun: ["a", "b"],
      running: 2,
      waiting: 1,
    });
    for (let ended = 0; ended < all.length; ended++) await endFirst();
    expect([admission.running, admission.waiting, admission.ended]).toEqual([0, 0, 3]);
  });

  test("what may not wait is refused, with the time it takes at the measured pace", async () => {
    let nowMs = 0;
    const { start, endFirst } = bench({ running: 1, waiting: 4, waitingEach: 4, nowMs: () => nowMs });
    const all = [start("a"), start("a")];
    nowMs = 2500;
    await endFirst();
    all.push(start("a"), start("a"), start("a"), start("a"));
    await expect(start("b")).rejects.toEqual(new BusyError("4 requests wait already, as many as may", 10));
    for (let ended = 0; ended < 5; ended++) await endFirst();
    await Promise.all(all);
  });

  test("one client cannot fill the room for the others", async () => {
    const { start, endFirst } = bench({ running: 1, waiting: 4 });
    const all = [start("a"), start("a"), start("a")];
    await expect(start("a")).rejects.toThrow("2 requests of this client wait already");
    all.push(start("b"));
    for (let ended = 0; ended < 4; ended++) await endFirst();
    await Promise.all(all);
  });

  test("a client that leaves while it waits gives up its place", async () => {
    const { admission, begun, start, endFirst } = bench({ running: 1, waiting: 2, waitingEach: 2 });
    const gone = new AbortController();
    const all = [start("a"), start("b")];
    const left = start("c", "left", gone.signal);
    gone.abort();
    await expect(left).rejects.toBeInstanceOf(CancelledError);
    expect(admission.waiting).toBe(1);
    await expect(start("c", "late", gone.signal)).rejects.toBeInstanceOf(CancelledError);
    await endFirst();
    await endFirst();
    await Promise.all(all);
    expect(begun).toEqual(["a", "b"]);
  });

  test("work that fails leaves its place to the next", async () => {
    const admission = new Admission({ running: 1, waiting: 1 });
    await expect(admission.run("a", never, () => Promise.reject(new Error("broke")))).rejects.toThrow("broke");
    expect(await admission.run("a", never, async () => 7)).toBe(7);
  });

  test("who has only so much patience is refused when it ends, and leaves no place behind", async () => {
    const { admission, start, endFirst } = bench({ running: 1, waiting: 4 });
    const first = start("a");
    await expect(admission.run("b", never, async () => {}, 1)).rejects.toThrow(BusyError);
    expect(admission.waiting).toBe(0);
    await endFirst();
    await first;
  });
});
