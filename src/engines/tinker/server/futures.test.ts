import { describe, expect, it } from "vitest";
import { DEFAULT_FUTURE_LIMITS, type Future, Futures, type Polled } from "./futures.js";

const { keepFetchedMs, keepUnfetchedMs } = DEFAULT_FUTURE_LIMITS;
const MARGIN_MS = 60_000;
const listening = new AbortController().signal;

const kindOf = async (futures: Futures, { id }: Future): Promise<Polled["kind"]> =>
  (await futures.poll(id, 0, listening)).kind;
/** Of about this many bytes. */
function settled(futures: Futures, bytes: number): Future {
  const future = futures.create();
  const outputs = [{ logprobs: new Float32Array(bytes / 4) }];
  future.settle({ kind: "forward-backward", output: { outputs, metrics: {} } });
  return future;
}

describe("a result", () => {
  it("is kept for a while after it was fetched, and for longer where nobody has asked", async () => {
    const futures = new Futures(DEFAULT_FUTURE_LIMITS);
    const [fetched, unfetched, pending] = [settled(futures, 4), settled(futures, 4), futures.create()];
    expect(await kindOf(futures, fetched)).toBe("forward-backward");
    futures.sweep(Date.now() + keepFetchedMs - MARGIN_MS);
    expect(await kindOf(futures, fetched)).toBe("forward-backward");
    futures.sweep(Date.now() + keepFetchedMs + MARGIN_MS);
    expect(await kindOf(futures, fetched)).toBe("gone");
    expect(futures.has(unfetched.id)).toBe(true);
    futures.sweep(Date.now() + keepUnfetchedMs + MARGIN_MS);
    expect(await kindOf(futures, unfetched)).toBe("gone");
    expect(await kindOf(futures, pending)).toBe("pending");
  });

  it("is not fetched by a poll whose connection is gone", async () => {
    const futures = new Futures(DEFAULT_FUTURE_LIMITS);
    const future = settled(futures, 4);
    await futures.poll(future.id, 0, AbortSignal.abort());
    futures.sweep(Date.now() + keepFetchedMs + MARGIN_MS);
    expect(await kindOf(futures, future)).toBe("forward-backward");
  });

  it("makes room for newer ones: those that were fetched first, then the oldest, never one to come", async () => {
    const futures = new Futures({ ...DEFAULT_FUTURE_LIMITS, mostBytes: 10_000 });
    const pending = futures.create();
    const [first, second, third] = [1, 2, 3].map(() => settled(futures, 2500));
    await kindOf(futures, second);
    const fourth = settled(futures, 2500);
    expect([first, second, third, fourth].map(({ id }) => futures.has(id))).toEqual([true, false, true, true]);
    const fifth = settled(futures, 2500);
    expect([first, third, fourth, fifth].map(({ id }) => futures.has(id))).toEqual([false, true, true, true]);
    expect(await kindOf(futures, pending)).toBe("pending");
  });
});
