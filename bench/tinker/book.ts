// What the simulated server knows: to each prompt that a run can ask, how a right answer and some wrong ones end. Programs
// are a problem's reference and changes of it; the questions about failed programs come from really judging and tracing
// those changes, with the loop's own functions. Prose in front and length are the server's.

import type { BuildTools } from "../../src/alignment/build.js";
import type { AlignmentExample } from "../../src/alignment/example.js";
import { AlignmentPool } from "../../src/alignment/pool.js";
import { type Candidate, type RecycleOptions, recycle } from "../../src/alignment/recycle.js";
import { Rng } from "../../src/core/rng.js";
import type { Tokenizer } from "../../src/engines/engine.js";
import { judge } from "../../src/judge/judge.js";
import type { Problem } from "../../src/problems/problem.js";
import { renderAnswer } from "../../src/prompts/alignment.js";
import { chat } from "../../src/prompts/chat.js";
import { openSandbox, type Sandbox } from "../../src/sandbox/sandbox.js";
import { trace } from "../../src/tracer/tracer.js";

/** Token ids. */
type Tokens = readonly number[];

export interface Page {
  readonly right: Tokens;
  /** At least one. */
  readonly wrong: readonly Tokens[];
  /** A program: each answer is given a number of its own, so that no two are equal, and `end`. */
  readonly isProgram: boolean;
  /** How often the answer is right. */
  readonly ease: number;
}

export interface Book {
  /** By {@link keyOf} the prompt's text. */
  readonly pages: Readonly<Record<string, Page>>;
  readonly prose: Tokens;
  /** Ten of them. */
  readonly digits: readonly Tokens[];
  readonly beforeNumber: Tokens;
  readonly afterNumber: Tokens;
  readonly endId: number;
}

/** A prompt's text without the numbers that make programs different. */
export function keyOf(text: string): string {
  return text.replace(/\n# \d{9}(?=\n)/g, "");
}

const WRONG_PER_PROBLEM = 4;

/** Each a slip that people make, tried in turn. */
const SLIPS: ReadonlyArray<readonly [RegExp, string]> = [
  [/ \+ /, " - "],
  [/\bmax\(/, "min("],
  [/ < /, " <= "],
  [/ > /, " < "],
  [/\[::-1\]/, "[::2]"],
  [/\[-1\]/, "[0]"],
  [/ == /, " != "],
  [/ \* /, " + "],
  [/\bsum\(/, "len("],
  [/\bTrue\b/, "False"],
  [/\b2\b/, "3"],
  [/\breturn /, "return undefined or "],
  [/\breturn (.*)$/m, "return [$1]"],
];

export async function writeBook(
  problems: readonly Problem[],
  tokenizer: Tokenizer,
  text: string,
  options: RecycleOptions,
): Promise<Book> {
  const template = tokenizer.chat;
  if (!template) throw new TypeError("the simulation's tokenizer has no chat template");
  const dialect = chat(template);
  const pages: Record<string, Page> = {};
  const page = (prompt: string, right: string, wrong: readonly string[], isProgram: boolean): void => {
    // As the server sees it: special tokens have no text.
    const key = keyOf(tokenizer.decode(tokenizer.encode(prompt)));
    const ease = Rng.of("ease", key).uniform();
    pages[key] = {
      right: tokenizer.encode(right),
      wrong: wrong.map((text) => tokenizer.encode(text)),
      isProgram,
      ease,
    };
  };
  for (const problem of problems) {
    const fenced = (program: string): string => `\n\n\`\`\`python\n${program}`;
    page(dialect.code(problem), fenced(referenceOf(problem)), slipsIn(referenceOf(problem)).map(fenced), true);
  }
  const sandbox = await openSandbox();
  try {
    const tools = { dialect, countTokens: (prompt: string) => tokenizer.encode(prompt).length };
    for (const { prompt, truth } of await questions(problems, tools, sandbox, options)) {
      const { variables, output } = truth;
      const [name] = Object.keys(variables);
      const answers = [{ ...variables, [name]: "?" }, Object.fromEntries(Object.keys(variables).map((n) => [n, "?"]))];
      const line = (values: typeof variables): string => `\n\n${renderAnswer(values, output)}`;
      page(prompt, line(variables), answers.map(line), false);
    }
  } finally {
    await sandbox.close();
  }
  return {
    pages,
    prose: tokenizer.encode(text),
    digits: Array.from("0123456789", (digit) => tokenizer.encode(digit)),
    beforeNumber: tokenizer.encode("\n# "),
    afterNumber: tokenizer.encode("\n```"),
    endId: tokenizer.endIds[0],
  };
}

function referenceOf({ id, reference }: Problem): string {
  if (reference === undefined) throw new TypeError(`${id}: has no reference program`);
  return reference.trimEnd();
}

function slipsIn(reference: string): string[] {
  // Not in a docstring, where they would change nothing.
  const body = Math.max(reference.lastIndexOf('"""'), reference.lastIndexOf("'''"), 0);
  const changed = SLIPS.map(([from, to]) => reference.slice(0, body) + reference.slice(body).replace(from, to));
  return changed.filter((program) => program !== reference).slice(-WRONG_PER_PROBLEM);
}

/** Everything that the loop can ask about the wrong programs. */
async function questions(
  problems: readonly Problem[],
  tools: Omit<BuildTools, "trace">,
  sandbox: Sandbox,
  options: RecycleOptions,
): Promise<readonly AlignmentExample[]> {
  const judged = problems.flatMap((problem) =>
    slipsIn(referenceOf(problem)).map(async (slip): Promise<Candidate> => {
      const program = `${slip}\n`;
      return { problem, program, judgement: await judge(sandbox, problem, program) };
    }),
  );
  const tracing: BuildTools = {
    ...tools,
    trace: (program, input, { limits, preamble, files, language }, history) =>
      trace(sandbox, program, input, { limits, preamble, files, language, history }),
  };
  const pool = new AlignmentPool({ capacity: 0, sampling: "recent" });
  const all = { ...options, maximumPerStep: null };
  return (await recycle(await Promise.all(judged), all, pool, tracing, 0, 0)).examples;
}
