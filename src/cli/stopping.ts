// How a person, or the system, asks a long command to stop: once to end in good order, a second time to end at once.

/** Of a terminal, and of whatever ends jobs on a cluster or a machine that goes down. */
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** A terminal and npm may both pass on one Ctrl-C. */
const SAME_KEY_MS = 500;

/** Listens until `release`; `signal` is aborted when first asked, and `say` tells the person what happens now. */
export function stopOnRequest(say: () => void): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  let stoppedAt = 0;
  const stop = (): void => {
    if (controller.signal.aborted && performance.now() - stoppedAt < SAME_KEY_MS) return;
    if (controller.signal.aborted) process.exit(130);
    stoppedAt = performance.now();
    controller.abort();
    say();
  };
  for (const name of SIGNALS) process.on(name, stop);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of SIGNALS) process.off(name, stop);
    },
  };
}
