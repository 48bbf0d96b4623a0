// A text cut where another occurs in it, upper and lower case alike.

export interface Part {
  readonly text: string;
  readonly isMatch: boolean;
}

export function partsBy(text: string, wanted: string): readonly Part[] {
  if (wanted === "") return [{ text, isMatch: false }];
  const parts: Part[] = [];
  let end = 0;
  const pattern = new RegExp(wanted.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "giu");
  for (const { index, 0: found } of text.matchAll(pattern)) {
    if (index > end) parts.push({ text: text.slice(end, index), isMatch: false });
    parts.push({ text: found, isMatch: true });
    end = index + found.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end), isMatch: false });
  return parts;
}
