// Characters that a reader would not see, or that change how the text around them is read: control characters, those that
// turn the direction of writing, those of no width. Each is cut out as a piece of its own, with a mark to show in its place.

/** A stretch of text as it is, or one unseen character: what to show for it and what to call it. */
export interface Visible {
  readonly text: string;
  /** Null for text that is shown as it is. */
  readonly name: string | null;
}

// All but tab, line feed and the two that only choose how an emoji is drawn.
const UNSEEN = /(?!\t|\n|\uFE0E|\uFE0F)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;

const NAMES: Readonly<Record<number, string>> = {
  0x00: "null",
  0x07: "bell",
  0x08: "backspace",
  0x0b: "vertical tab",
  0x0c: "form feed",
  0x0d: "carriage return",
  0x1b: "escape",
  0x7f: "delete",
  0xa0: "no-break space",
  0xad: "soft hyphen",
  0x061c: "Arabic letter mark",
  0x200b: "zero-width space",
  0x200c: "zero-width non-joiner",
  0x200d: "zero-width joiner",
  0x200e: "left-to-right mark",
  0x200f: "right-to-left mark",
  0x2028: "line separator",
  0x2029: "paragraph separator",
  0x202a: "left-to-right embedding",
  0x202b: "right-to-left embedding",
  0x202c: "end of a change of direction",
  0x202d: "left-to-right override",
  0x202e: "right-to-left override",
  0x2060: "word joiner",
  0x2066: "left-to-right isolate",
  0x2067: "right-to-left isolate",
  0x2068: "first strong isolate",
  0x2069: "end of an isolate",
  0xfeff: "byte order mark",
};

export function visible(text: string): Visible[] {
  const pieces: Visible[] = [];
  let end = 0;
  for (const { index, 0: character } of text.matchAll(UNSEEN)) {
    if (index > end) pieces.push({ text: text.slice(end, index), name: null });
    pieces.push(marked(character));
    end = index + character.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), name: null });
  return pieces;
}

function marked(character: string): Visible {
  const code = character.codePointAt(0) ?? 0;
  const point = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  const name = NAMES[code];
  const kind = code >= 0xd800 && code <= 0xdfff ? "half of a character" : "unseen character";
  // Control characters have pictures: ␀ to ␟, and ␡.
  const picture = code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : point;
  return { text: picture, name: `${point} ${name ?? kind}` };
}
