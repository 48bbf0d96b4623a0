// How statements end, for the tests' interpreter (interpreter.ts): a `break` is no exception here.

/** How a statement ends. */
export type Completion =
  | { readonly kind: "normal" }
  | { readonly kind: "return"; readonly value: unknown }
  | { readonly kind: "break" | "continue"; readonly label: string | null };

type Outcome = Completion | { readonly kind: "thrown"; readonly error: unknown };

export function settle(run: () => Completion): Outcome {
  try {
    return run();
  } catch (error) {
    return { kind: "thrown", error };
  }
}

export const NORMAL: Completion = { kind: "normal" };

/** What a loop makes of its body's end: go on, or leave with that. */
export function goesOn(completion: Completion, labels: readonly string[]): Completion | null {
  const isMine = "label" in completion && (completion.label === null || labels.includes(completion.label));
  if (completion.kind === "normal" || (completion.kind === "continue" && isMine)) return null;
  return completion.kind === "break" && isMine ? NORMAL : completion;
}

/** A labelled block is left by its label. */
export function leaving(completion: Completion, labels: readonly string[]): Completion {
  const isMine = completion.kind === "break" && completion.label !== null && labels.includes(completion.label);
  return isMine ? NORMAL : completion;
}
