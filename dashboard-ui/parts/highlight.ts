// A program's text as lines of pieces, each with the class of what it is: a keyword, a string, a name. Parsed by Lezer's
// grammars, which take any text; nothing of it is run.

import { highlightCode, tagHighlighter, tags } from "@lezer/highlight";
import { parser as javascript } from "@lezer/javascript";
import { parser as python } from "@lezer/python";

export type Language = "python" | "javascript";

/** A piece of one line; `from` is its place in the whole text, in UTF-16 units. */
interface Piece {
  readonly text: string;
  readonly from: number;
  /** Empty for plain text. */
  readonly look: string;
}

export type Line = readonly Piece[];

type Tree = ReturnType<typeof python.parse>;
export type SyntaxNode = Tree["topNode"];

const parsers = { python, javascript };

/** Longer texts are shown plain: parsing them would hold up the page. */
const PARSED_CHARACTERS = 50_000;

const looks = tagHighlighter([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier, tags.self], class: "code-keyword" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], class: "code-string" },
  { tag: [tags.number, tags.bool, tags.null], class: "code-number" },
  { tag: [tags.comment], class: "code-comment" },
  {
    tag: [tags.function(tags.definition(tags.variableName)), tags.definition(tags.className)],
    class: "code-definition",
  },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], class: "code-call" },
  { tag: [tags.propertyName], class: "code-property" },
  { tag: [tags.operator, tags.punctuation, tags.bracket], class: "code-operator" },
  { tag: [tags.invalid], class: "code-invalid" },
]);

/** Null for a text that is too long to be parsed here. */
export function parse(text: string, language: Language): Tree | null {
  return text.length > PARSED_CHARACTERS ? null : parsers[language].parse(text);
}

/** @param language  null leaves the text plain */
export function linesOf(text: string, language: Language | null): Line[] {
  const tree = language && parse(text, language);
  if (!tree) return plainLines(text);
  const lines: Piece[][] = [[]];
  let from = 0;
  highlightCode(
    text,
    tree,
    looks,
    (piece, look) => {
      lines.at(-1)?.push({ text: piece, from, look });
      from += piece.length;
    },
    () => {
      lines.push([]);
      from += 1;
    },
  );
  return lines;
}

function plainLines(text: string): Line[] {
  let from = 0;
  return text.split("\n").map((line) => {
    const piece = { text: line, from, look: "" };
    from += line.length + 1;
    return line === "" ? [] : [piece];
  });
}

/** The line's pieces, cut at the ends of ranges, so that each piece is wholly inside a range or outside of it. */
export function cutAt(line: Line, places: readonly number[]): Line {
  if (places.length === 0) return line;
  return line.flatMap((piece) => {
    const end = piece.from + piece.text.length;
    const inside = [...new Set(places)].filter((at) => piece.from < at && at < end).sort((a, b) => a - b);
    const starts = [piece.from, ...inside];
    return starts.map((from, i) => ({
      ...piece,
      from,
      text: piece.text.slice(from - piece.from, (starts[i + 1] ?? end) - piece.from),
    }));
  });
}
