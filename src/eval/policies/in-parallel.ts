// Some things at once and the rest after them.

/**
 * Runs `each` on every item, at most `limit` at a time. After a failure none is begun; what is under way is awaited, for
 * its results may be kept.
 *
 * @throws the first failure; the signal's reason once it is aborted
 */
export async function inParallel<Item>(
  items: readonly Item[],
  limit: number,
  signal: AbortSignal | undefined,
  each: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  let failure: { readonly error: unknown } | undefined;
  const work = async (): Promise<void> => {
    for (const item of rest) {
      if (failure || signal?.aborted) return;
      try {
        await each(item);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, work));
  if (failure) throw failure.error;
  signal?.throwIfAborted();
}
