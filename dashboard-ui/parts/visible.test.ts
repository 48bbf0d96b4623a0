import { expect, it } from "vitest";
import { visible } from "./visible.js";

const shown = (text: string): string =>
  visible(text)
    .map(({ text, name }) => (name === null ? text : `[${text}]`))
    .join("");

it.each([
  ["plain text, tabs and line feeds stay", "a\tb\nc é 漢 👍🏽 ☎️", "a\tb\nc é 漢 👍🏽 ☎️"],
  ["control characters have pictures", "a\u0000b\u001b[31mc\u007f\r", "a[␀]b[␛][31mc[␡][␍]"],
  ["what turns the direction", "\u202eabc\u202c \u2066x\u2069", "[U+202E]abc[U+202C] [U+2066]x[U+2069]"],
  ["what has no width", "a\u200bb\ufeffc\u00add\u2060", "a[U+200B]b[U+FEFF]c[U+00AD]d[U+2060]"],
  ["spaces that are none, fillers and hidden tags", "a\u00a0b\u3164c\u{e0041}", "a[U+00A0]b[U+3164]c[U+E0041]"],
  ["half of a character", "a\ud800b", "a[U+D800]b"],
  ["line ends that are none", "a\u2028b\u0085c", "a[U+2028]b[U+0085]c"],
  ["nothing", "", ""],
])("%s", (_, text, expected) => {
  expect(shown(text)).toBe(expected);
});

it("each mark says what it is", () => {
  expect(visible("\u202e\u0003").map(({ name }) => name)).toEqual([
    "U+202E right-to-left override",
    "U+0003 unseen character",
  ]);
});
