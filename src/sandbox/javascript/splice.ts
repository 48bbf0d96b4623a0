// Changes to a program's text at places that its syntax tree names. Nothing here knows the language.

export interface Edit {
  readonly at: number;
  /** How much of the old text goes; nothing unless said. */
  readonly length?: number;
  readonly text: string;
}

/** The text with all edits made, those at one place in the order given. */
export function splice(source: string, edits: readonly Edit[]): string {
  const sorted = edits.map((edit, order) => ({ ...edit, order })).sort((a, b) => a.at - b.at || a.order - b.order);
  let text = "";
  let from = 0;
  for (const { at, length = 0, text: added } of sorted) {
    text += source.slice(from, at) + added;
    from = Math.max(from, at + length);
  }
  return text + source.slice(from);
}
