// From what ran to a mark: of the judge's verdict, and of a script that judges itself. What a mark quotes is cut where it
// is long: every sample of an evaluation is kept with it.

import { CancelledError, messageOf, OverloadError } from "../../core/errors.js";
import { type Json, stringifyJson } from "../../core/json.js";
import type { Judgement } from "../../judge/verdict.js";
import { callText } from "../../problems/examples.js";
import type { Limits, Problem, Test } from "../../problems/problem.js";
import type { Sandbox } from "../../sandbox/sandbox.js";
import type { Mark } from "./benchmark.js";

export interface Marked {
  readonly mark: Mark;
  readonly cpuMs: number;
}

const QUOTED_CHARACTERS = 2000;

/** Of the problem's tests and what came of them. */
export function markOf({ verdict, tests }: Judgement, problem: Problem): Mark {
  if (verdict.kind === "passed") return { kind: "right" };
  if (verdict.kind === "infrastructure") return { kind: "infrastructure", message: verdict.message };
  if (verdict.kind === "unparsable") return { kind: "wrong", reason: "unparsable", message: verdict.message };
  const at = tests.findIndex(({ kind }) => kind !== "passed" && kind !== "passed-within-tolerance");
  const outcome = tests[at];
  const test = problem.tests[at] && quoted(testText(problem.tests[at]));
  const wrong = { kind: "wrong", reason: verdict.reason, ...(test !== undefined && { test }) } as const;
  if (outcome?.kind === "wrong-answer") {
    const { expected, got } = outcome;
    // Of a check the judge tells the line that failed, and no value.
    const opaque = problem.tests[at] !== undefined && "code" in problem.tests[at];
    if (opaque && typeof expected === "string") return { ...wrong, test: quoted(expected), got: shown(got) };
    return { ...wrong, expected: shown(expected), got: shown(got) };
  }
  if (outcome?.kind === "raised") return { ...wrong, message: quoted(`${outcome.error}: ${outcome.message}`) };
  if (outcome?.kind === "exited") return { ...wrong, message: `exited with ${outcome.exitCode}` };
  const message = outcome !== undefined && "message" in outcome ? outcome.message : undefined;
  return message === undefined ? wrong : { ...wrong, message: quoted(message) };
}

function testText(test: Test): string {
  if (test.kind === "call") return callText(test);
  return test.kind === "stdio" ? test.stdin : test.code;
}

function quoted(text: string): string {
  if (text.length <= QUOTED_CHARACTERS) return text;
  return `${text.slice(0, QUOTED_CHARACTERS).replace(/[\uD800-\uDBFF]$/, "")}...`;
}

/**
 * A value as it is, or the beginning of its text. So cut it is never so deep, either, that a file with it could not be
 * read again.
 */
export function shown(value: Json): Json {
  const text = typeof value === "string" ? value : stringifyJson(value);
  return text.length <= QUOTED_CHARACTERS ? value : quoted(text);
}

/**
 * Runs program and tests as one script, in one interpreter and one namespace, and believes its end: so do the graders
 * of HumanEval, MBPP and LeetCode, and whoever wants their numbers must. `exit` and `quit` are gone there, a main guard
 * does not run, and standard input is empty.
 *
 * @param preamble  statements in front, of which imports may fail
 * @throws CancelledError, OverloadError
 */
export async function runScript(sandbox: Sandbox, source: string, limits: Limits, preamble = ""): Promise<Marked> {
  const request = { op: "run", name: "script", source, preamble: `${NO_EXIT}\n${preamble}` };
  try {
    const { ending, cpuMs } = await sandbox.lease((room) => room.run({ request, stdin: "", limits }));
    if (ending.kind === "finished") return { mark: { kind: "right" }, cpuMs };
    const said = "error" in ending ? `${ending.error.type}: ${ending.error.message}` : undefined;
    const message = said ?? ("message" in ending ? ending.message : undefined);
    return {
      mark: { kind: "wrong", reason: ending.kind, ...(message !== undefined && { message: quoted(message) }) },
      cpuMs,
    };
  } catch (error) {
    if (error instanceof CancelledError || error instanceof OverloadError) throw error;
    return { mark: { kind: "infrastructure", message: messageOf(error) }, cpuMs: 0 };
  }
}

const NO_EXIT = `__import__("builtins").__dict__.update(exit=None, quit=None)`;
