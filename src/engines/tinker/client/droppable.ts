// Promises that a caller may drop: of calls that are made back to back, the first that fails is enough to stop, and what
// nobody waits for any more must not end the process.

/** The same promise; its rejection counts as seen. */
export function droppable<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}
