// Where the program of a rollout is in its completion, as far as their texts say it: a completion may hold it among other
// text, or go on where the prompt's beginning of it ends.

export type ProgramPlace =
  | { readonly kind: "none" }
  /** The completion is `before`, the program, `after`. */
  | { readonly kind: "inside"; readonly before: string; readonly after: string }
  /** The program is `headLines` lines of the prompt, then the completion's. */
  | { readonly kind: "continued"; readonly headLines: number }
  /** Put together otherwise. */
  | { readonly kind: "apart" };

export function placeOf(program: string | null, completion: string): ProgramPlace {
  if (program === null) return { kind: "none" };
  const at = program === "" ? -1 : completion.indexOf(program);
  if (at !== -1) {
    return { kind: "inside", before: completion.slice(0, at), after: completion.slice(at + program.length) };
  }
  const body = completion.trim();
  const from = body === "" ? -1 : program.indexOf(body);
  if (from > 0) return { kind: "continued", headLines: program.slice(0, from).split("\n").length - 1 };
  // What follows the program's end in a completion is left out of it.
  const head = lineAfterHead(program, completion);
  return head === null ? { kind: "apart" } : { kind: "continued", headLines: head };
}

/** Lines of the program before those that the completion begins with; null where its end is not the completion's beginning. */
function lineAfterHead(program: string, completion: string): number | null {
  const lines = program.split("\n");
  const said = completion.replace(/^\s*\n/, "");
  for (let head = 1; head < lines.length; head++) {
    const tail = lines.slice(head).join("\n");
    if (tail !== "" && said.startsWith(tail)) return head;
  }
  return null;
}
