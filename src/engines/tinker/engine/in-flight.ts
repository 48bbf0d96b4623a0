// Many requests of one kind, so many of them under way at once. What a request is, and how it is retried, is not here.

/** Runs all, in their order as far as `limit` allows; the first error calls off the rest. */
export async function eachInFlight<Item>(
  items: readonly Item[],
  limit: number,
  run: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const abort = new AbortController();
  const lane = async (): Promise<void> => {
    for (const item of queue) {
      if (abort.signal.aborted) return;
      await run(item, abort.signal);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  } catch (error) {
    abort.abort();
    throw error;
  }
}
