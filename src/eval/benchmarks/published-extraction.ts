// From a completion to the program in it, as published harnesses find it, mistakes included. Total, and linear in the
// length of the text: what regular expressions find there is found by searching here. How programs are found for the
// strict mark is prompts/extract.ts.

const FENCE = "```";

/**
 * CodeRL+'s `match_code`: of the blocks that open with "```python" and close with "```", anywhere in a line, the last
 * that holds "def ", else the last; without any, the same for blocks that open with "```"; without any, what stands
 * before the first "```".
 */
export function matchCode(completion: string): string {
  for (const open of [`${FENCE}python`, FENCE]) {
    const blocks = between(completion, open, FENCE);
    const block = blocks.findLast((code) => code.includes("def ")) ?? blocks.at(-1);
    if (block !== undefined) return block;
  }
  return completion.split(FENCE, 1)[0];
}

/** What `open(.*?)close` finds, from left to right, none in another. */
function between(text: string, open: string, close: string): string[] {
  const found: string[] = [];
  for (let at = text.indexOf(open); at >= 0; ) {
    const start = at + open.length;
    const end = text.indexOf(close, start);
    if (end < 0) break;
    found.push(text.slice(start, end));
    at = text.indexOf(open, end + close.length);
  }
  return found;
}

/** LiveCodeBench's own: the lines between the last two that have a fence anywhere; "" where there are not two. */
export function lastFencedLines(completion: string): string {
  const lines = completion.split("\n");
  const fences = lines.flatMap((line, at) => (line.includes(FENCE) ? [at] : []));
  if (fences.length < 2) return "";
  return lines.slice(fences[fences.length - 2] + 1, fences[fences.length - 1]).join("\n");
}

/**
 * CodeRL+'s road to a LeetCode program: what {@link matchCode} finds, put into a class where none is named so to the
 * letter, and read again by DeepSeek-Coder's rule.
 */
export function leetCodeProgram(completion: string): string {
  const fenced = `${FENCE}python\n${matchCode(completion)}\n${FENCE}`;
  if (fenced.includes("class Solution:")) return deepSeekProgram(fenced);
  const bare = fenced.replaceAll(`${FENCE}python`, "").replaceAll(FENCE, "");
  const indented = bare.split("\n").map((line) => `    ${line}`);
  return deepSeekProgram(`${FENCE}python\nclass Solution:\n${indented.join("\n")}\n${FENCE}`);
}

/**
 * DeepSeek-Coder's: the first block that opens with "```python" and a line break and closes with a line break and
 * "```"; in a text without "```python", what stands before the first line that begins a definition, an `if`, a comment
 * or a `print`; the whole text where such a block is missing.
 */
export function deepSeekProgram(completion: string): string {
  const text = completion.replaceAll("[PYTHON]", `${FENCE}python`).replaceAll("[/PYTHON]", FENCE);
  if (!text.includes(`${FENCE}python`)) return text.split(/\n(?:def|class|if|#|print)/, 1)[0];
  return between(text, `${FENCE}python\n`, `\n${FENCE}`)[0] ?? completion;
}

/**
 * The fenced block with the most lines that are not blank, else the whole text. EvalPlus seeks the longest run of lines
 * that parses, in time that grows with the square of the text or faster, and keeps only imports and what the function
 * uses; in a completion with one well-formed block both find that block's definitions.
 */
export function longestBlock(completion: string): string {
  let best = completion;
  let most = -1;
  for (const block of fencedBlocks(completion)) {
    const length = block.filter((line) => line.trim() !== "").length;
    if (length <= most) continue;
    most = length;
    best = block.join("\n");
  }
  return best;
}

/** The lines between a line that begins with a fence and the next one that does; the last may lack its end. */
function fencedBlocks(text: string): string[][] {
  const blocks: string[][] = [];
  let open: string[] | null = null;
  for (const line of text.split("\n")) {
    const fence = line.trimStart().startsWith(FENCE);
    if (fence && open === null) {
      open = [];
      blocks.push(open);
    } else if (fence) open = null;
    else open?.push(line);
  }
  return blocks;
}
