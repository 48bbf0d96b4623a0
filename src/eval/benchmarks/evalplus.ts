// What HumanEval+ and MBPP+ have in common: inputs without outputs. What is expected is computed in the sandbox by the
// reference, on the far side of the strict mark's two interpreters, or beside the program for the official mark; the
// rule for outputs is EvalPlus's (Liu et al. 2023, arXiv 2305.01210), in evalplus.py.

import { readFileSync } from "node:fs";
import { Float, type Json } from "../../core/json.js";
import { defaultLimits, type Limits, type Problem } from "../../problems/problem.js";
import { pythonLiteral } from "../../problems/python-literal.js";
import { plain } from "../../problems/sources/cases.js";
import { listOf, malformed, type Row } from "../../problems/sources/row.js";
import { isObject } from "../../problems/tags.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import type { Decoding } from "../policies/policy.js";
import type { PromptStyle } from "./benchmark.js";
import { type CodeTask, judged, problemOf } from "./code-task.js";
import { type Marked, runScript } from "./marks.js";

const RULE = readFileSync(new URL("./evalplus.py", import.meta.url), "utf8");

/** Greedy, as EvalPlus's leaderboard; the official evaluation has neither set, and decodes its HumanEval so. */
export const PLUS_DECODING: Readonly<Record<PromptStyle, Decoding>> = {
  official: { samples: 1, temperature: 0, topP: 1, maximumTokens: 4096, stop: ["<|eot_id|>"] },
  upstream: { samples: 1, temperature: 0, topP: 1, maximumTokens: 768, stop: [] },
};

export interface PlusTask {
  readonly id: string;
  readonly prompt: string;
  readonly entryPoint: string;
  /** The whole reference program. */
  readonly reference: string;
  readonly tolerance: number;
  /** The first edition's inputs, then EvalPlus's: each the text of a Python list of arguments. */
  readonly inputs: readonly [base: readonly string[], plus: readonly string[]];
}

/**
 * EvalPlus allows each input 4 s, or four times what the reference took if that is more, and all together 60 s. Here a
 * task's inputs together have 4 s of the sandbox's own measure; 60 s where the reference alone takes over 1 s.
 */
const SECONDS = { usual: 4, heavy: 60, light: 1 } as const;

/** Of each interpreter; EvalPlus allows 4 GB. The judge's usual 256 MB are too little for Mbpp/255. */
const MEMORY_BYTES = 2 * 2 ** 30;

/** Both marks of a program. */
export function plusMarks(task: PlusTask): Pick<CodeTask, "official" | "strict"> {
  const problems = new Map<number, Problem>();
  const strictly = (program: string, sandbox: Sandbox, seconds: number): Promise<Marked> => {
    const problem = problems.get(seconds) ?? problemIn(task, seconds);
    problems.set(seconds, problem);
    return judged(sandbox, problem, program);
  };
  let heavy: Promise<boolean> | undefined;
  const inTime = async (sandbox: Sandbox, run: (seconds: number) => Promise<Marked>): Promise<Marked> => {
    const first = await run(SECONDS.usual);
    if (!timedOut(first)) return first;
    heavy ??= strictly(task.reference, sandbox, SECONDS.light).then(timedOut);
    if (!(await heavy)) return first;
    const second = await run(SECONDS.heavy);
    return { ...second, cpuMs: first.cpuMs + second.cpuMs };
  };
  return {
    strict: (program, sandbox) => inTime(sandbox, (seconds) => strictly(program, sandbox, seconds)),
    official: (program, sandbox) => {
      const script = scriptOf(task, program);
      return inTime(sandbox, (seconds) => runScript(sandbox, script, limitsOf(seconds)));
    },
  };
}

/** The base inputs and those of EvalPlus; where a task has none of these, the file says `{}`. @throws RowFault */
export function inputsOf(row: Row, text: (input: Json, field: string) => string): PlusTask["inputs"] {
  const read = (field: string): string[] => {
    const value = row[field];
    if (isObject(value) && Object.keys(value).length === 0) return [];
    return listOf(row, field).map((input) => text(plain(input), field));
  };
  return [read("base_input"), read("plus_input")];
}

/** The absolute tolerance that a row names; 0 where outputs must be equal. @throws RowFault */
export function toleranceOf(row: Row): number {
  const value = row["atol"];
  const number = value instanceof Float ? value.value : value;
  return typeof number === "number" ? number : malformed("atol", "a number", value);
}

function timedOut({ mark }: Marked): boolean {
  return mark.kind === "wrong" && mark.reason === "timed-out";
}

function limitsOf(seconds: number): Limits {
  return { ...defaultLimits, timeMs: seconds * 1000, memoryBytes: MEMORY_BYTES };
}

function problemIn(task: PlusTask, seconds: number): Problem {
  const { id, prompt, entryPoint } = task;
  const tests = [{ kind: "check" as const, code: checkOf(task, false), entryPoint }];
  return problemOf({ id, language: "python", prompt, entryPoint, tests, limits: limitsOf(seconds) });
}

/** The program in a namespace of its own, in one interpreter with what decides over it. */
function scriptOf(task: PlusTask, program: string): string {
  return [
    checkOf(task, true),
    "program = {}",
    `exec(${pythonLiteral(program)}, program)`,
    `check(program[${pythonLiteral(task.entryPoint)}])`,
  ].join("\n");
}

/** Test code with one line an input, so that the one that fails can be told. Base and plus begin anew. */
function checkOf({ entryPoint, reference, tolerance, inputs }: PlusTask, sticky: boolean): string {
  const name = pythonLiteral(entryPoint);
  const lines = inputs.flatMap((list) => [
    `    expect = expectation(${name}, reference, candidate, ${tolerance}, ${sticky ? "True" : "False"})`,
    ...list.map((input) => `    assert expect(${input})`),
  ]);
  const head = `def check(candidate):\n    reference = reference_of(${pythonLiteral(reference)}, ${name})`;
  return [RULE, head, ...lines].join("\n");
}
