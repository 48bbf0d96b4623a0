// The value that a completion answers with, found as a careful reader would: the last box with its nested braces, LaTeX
// and fences taken off, the last assertion on however many lines. Only literals count, and nothing is evaluated. Total
// and linear. Not here: where the published graders look (published-answers.ts).

import type { Json } from "../../core/json.js";
import { claimedValue } from "./assertion.js";
import { literalOf } from "./literal.js";

/** Of a completion that was asked for `\boxed{value}`. */
export function boxedValue(completion: string): Json | undefined {
  const box = lastBox(completion);
  if (box !== undefined) return firstValue(box, readContent);
  const lines = completion.trim().split("\n");
  const said = lines.map((line) => PHRASE.exec(line)?.[1]).findLast((rest) => rest !== undefined);
  return firstValue([said, lastBlock(completion), lines.at(-1)], readContent);
}

/** Of a completion that was asked for an assertion, between tags, in a fence or bare. */
export function assertedValue(completion: string, callee: string): Json | undefined {
  const text = answerRegion(completion);
  return firstValue([text, lastBlock(text), text.trim().split("\n").at(-1)], (part) => claimedValue(part, callee));
}

/** Between `[ANSWER]` and the first `[/ANSWER]`, as far as they are there. */
export function answerRegion(completion: string): string {
  const [text] = completion.split("[/ANSWER]", 1);
  const start = text.lastIndexOf("[ANSWER]");
  return start < 0 ? text : text.slice(start + "[ANSWER]".length);
}

function firstValue(
  texts: ReadonlyArray<string | undefined>,
  read: (text: string) => Json | undefined,
): Json | undefined {
  for (const text of texts) {
    const value = text === undefined ? undefined : read(text);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Linear: no two repetitions stand side by side, and what follows a word is taken whatever it holds. */
const PHRASE = /\b(?:answer|output|result|value)\b(?: is| will be)?(?:[ \t]*:)?[ \t]*(\S[^]*)/i;
const BOX = "\\boxed{";
/** Of boxes that do not end; the text of a box may hold one more. */
const MAXIMUM_OPEN_BOXES = 3;

/** What the last box that ends holds: by its braces, and by those outside of quotes, where that differs. */
function lastBox(text: string): string[] | undefined {
  let start = text.lastIndexOf(BOX);
  for (let tries = 0; start >= 0 && tries < MAXIMUM_OPEN_BOXES; tries++) {
    const from = start + BOX.length;
    const ends = [false, true].map((quotes) => closingBrace(text, from, quotes)).filter((end) => end >= 0);
    if (ends.length > 0) return ends.map((end) => text.slice(from, end));
    start = text.lastIndexOf(BOX, start - 1);
  }
  return undefined;
}

function closingBrace(text: string, from: number, quotes: boolean): number {
  let quote = "";
  for (let at = from, depth = 1; at < text.length; at++) {
    const char = text[at];
    if (quote !== "") {
      if (char === "\\") at++;
      else if (char === quote) quote = "";
    } else if (quotes && (char === '"' || char === "'")) quote = char;
    else if (char === "{") depth++;
    else if (char === "}" && --depth === 0) return at;
  }
  return -1;
}

const TEXT_COMMANDS = /\\(?:text|texttt|textbf|textit|mathrm|mathtt|mathbf|mbox)\{([^{}]*)\}/g;
const ONE_COMMAND = /^\\(?:text|texttt|textbf|textit|mathrm|mathtt|mathbf|mbox)\{([^{}]*)\}$/;

/**
 * A literal in fences, in back quotes, in LaTeX, whose escapes are none that Python writes. What LaTeX sets as text and
 * is no literal is that text.
 */
function readContent(content: string): Json | undefined {
  const plain = withoutMarks(content);
  const latex = plain.replace(/\\([\\{}_#%&$])/g, (whole, char: string) => (char === "\\" ? whole : char));
  const value = literalOf(latex) ?? literalOf(plain);
  if (value !== undefined) return value;
  const [, text] = ONE_COMMAND.exec(plain) ?? [];
  const inside = withoutMarks(latex.replace(TEXT_COMMANDS, "$1"));
  const unwrapped = literalOf(inside);
  return unwrapped === undefined && text !== undefined ? inside : unwrapped;
}

/** Without white space, fences, back quotes, dollars and bold marks around it, and a full stop behind. */
function withoutMarks(content: string): string {
  let text = (lastBlock(content) ?? content).trim();
  for (const mark of ["**", "`", "$", "**", "`"]) {
    const stopped = text.endsWith(`${mark}.`) ? text.slice(0, -1) : text;
    if (stopped.length < 2 * mark.length || !stopped.startsWith(mark) || !stopped.endsWith(mark)) continue;
    text = stopped.slice(mark.length, -mark.length).trim();
  }
  return text;
}

/** What stands in the last fence that ends. */
function lastBlock(text: string): string | undefined {
  const end = text.lastIndexOf("```");
  const start = end < 1 ? -1 : text.lastIndexOf("```", end - 1);
  return start < 0 ? undefined : text.slice(start + 3, end).replace(/^(?:python|py|text|plaintext)?[ \t]*\r?\n/i, "");
}
