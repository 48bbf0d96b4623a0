// From what a model wrote to the program in it. Total: any text gives a program or null, nothing is thrown.

interface Block {
  readonly language: string;
  readonly code: string;
}

const PYTHON: ReadonlySet<string> = new Set(["python", "py", "python3"]);
const FENCE = /^[ \t]*(`{3,}|~{3,})[ \t]*([^\s`]*)[^`\n]*$/;

/**
 * The last block fenced as python, py or python3 in any case, else the last fenced block, an unclosed last fence
 * running to the end, else, where the text has no fence, the whole text. Null where that holds nothing.
 */
export function extractProgram(completion: string): string | null {
  const blocks = fencedBlocks(completion);
  const block = blocks.findLast(({ language }) => PYTHON.has(language.toLowerCase())) ?? blocks.at(-1);
  const program = block ? block.code : completion;
  return program.trim() === "" ? null : program;
}

function fencedBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  let open: { fence: string; language: string; lines: string[] } | null = null;
  for (const line of text.split(/\r?\n/)) {
    const match = FENCE.exec(line);
    if (open && closes(match, open.fence)) {
      blocks.push({ language: open.language, code: join(open.lines) });
      open = null;
    } else if (open) open.lines.push(line);
    else if (match) open = { fence: match[1], language: match[2], lines: [] };
  }
  if (open) blocks.push({ language: open.language, code: open.lines.join("\n") });
  return blocks;
}

/** A closing fence is at least as long as the opening one and has no language. */
function closes(match: RegExpExecArray | null, fence: string): boolean {
  return match !== null && match[2] === "" && match[1].startsWith(fence);
}

function join(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
