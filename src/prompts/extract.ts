// From what a model wrote to the program in it. Total: any text gives a program or null, nothing is thrown.

import type { Language } from "../problems/notation.js";

interface Block {
  readonly language: string;
  readonly code: string;
}

/** What models write behind a fence for each language. */
const FENCES: Readonly<Record<Language, ReadonlySet<string>>> = {
  python: new Set(["python", "py", "python3"]),
  javascript: new Set(["javascript", "js", "node"]),
};
const MIN_FENCE = 3;

/**
 * The last block fenced as the language (python, py or python3; javascript, js or node), in any case, else the last fenced block, an unclosed last fence
 * running to the end, else, where the text has no fence, the whole text. Null where that holds nothing.
 */
export function extractProgram(completion: string, language: Language = "python"): string | null {
  const names = FENCES[language];
  const blocks = fencedBlocks(completion, names);
  const block = blocks.findLast(({ language }) => names.has(language.toLowerCase())) ?? blocks.at(-1);
  const program = block ? block.code : completion;
  return program.trim() === "" ? null : program;
}

function fencedBlocks(text: string, names: ReadonlySet<string>): Block[] {
  const blocks: Block[] = [];
  let open: { fence: Fence; lines: string[] } | null = null;
  for (const line of text.split(/\r?\n/)) {
    const last: string | null = open && lastOf(line, open.fence, names);
    if (open && last !== null) {
      if (last !== "") open.lines.push(last);
      blocks.push({ language: open.fence.language, code: join(open.lines) });
      open = null;
    } else if (open) open.lines.push(line);
    else {
      const fence = openingOf(line, names);
      if (fence) open = { fence, lines: [] };
    }
  }
  if (open) blocks.push({ language: open.fence.language, code: open.lines.join("\n") });
  return blocks;
}

interface Fence {
  readonly char: string;
  readonly length: number;
  readonly language: string;
  /** What stands behind the back quotes or tildes, trimmed. */
  readonly rest: string;
}

/** A line that begins with a fence. By hand: regular expressions for it take cubic time on a line of tildes. */
function fenceOf(line: string): Fence | null {
  let start = 0;
  while (line[start] === " " || line[start] === "\t") start++;
  const char = line[start];
  if (char !== "`" && char !== "~") return null;
  let end = start;
  while (line[end] === char) end++;
  const rest = line.slice(end).trim();
  if (end - start < MIN_FENCE || rest.includes("`")) return null;
  return { char, length: end - start, language: rest.split(/\s/, 1)[0], rest };
}

/** A fence on its own line, or one for the language that a model put behind other text. */
function openingOf(line: string, names: ReadonlySet<string>): Fence | null {
  const fence = fenceOf(line);
  if (fence) return fence;
  const at = line.lastIndexOf("`") + 1;
  const language = line.slice(at).trim();
  const length = runBefore(line, at);
  if (length < MIN_FENCE || !names.has(language.toLowerCase())) return null;
  return { char: "`", length, language, rest: language };
}

/**
 * The code that a block's last line holds in front of the closing fence, mostly none; null where the block goes on. Two
 * liberties for models: the fence may follow code on its line, and prose may follow the fence.
 */
function lastOf(line: string, { char, length }: Fence, names: ReadonlySet<string>): string | null {
  const fence = fenceOf(line);
  if (fence) {
    const closes = fence.char === char && fence.length >= length;
    return closes && (fence.rest === "" || isProse(fence, names)) ? "" : null;
  }
  const code = line.trimEnd();
  const run = char === "`" ? runBefore(code, code.length) : 0;
  // Back quotes earlier on the line make these the end of a quotation.
  if (run < length || code.slice(0, -run).includes("`")) return null;
  return code.slice(0, -run);
}

function isProse({ language, rest }: Fence, names: ReadonlySet<string>): boolean {
  return rest !== language && !names.has(language.toLowerCase());
}

/** How many back quotes stand in front of a place. */
function runBefore(line: string, end: number): number {
  let start = end;
  while (start > 0 && line[start - 1] === "`") start--;
  return end - start;
}

function join(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
