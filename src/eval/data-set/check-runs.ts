// What only running shows: a reference that is wrong, slow or unsteady, and tests that pass for programs that do nothing.

import { stringifyJson } from "../../core/json.js";
import type { Judgement } from "../../judge/verdict.js";
import type { Problem } from "../../problems/problem.js";
import type { Finding } from "./finding.js";

export type RunProgram = (problem: Problem, program: string) => Promise<Judgement>;

/** Of a test's time limit: a reference that needs more leaves a slower right program no room. */
const SLOW_SHARE = 0.5;

/**
 * @param repeats  how often the reference is run; one that fails is run once more in any case
 * @returns the findings, and how many programs were run
 */
export async function checkRuns(
  problem: Problem,
  run: RunProgram,
  repeats: number,
): Promise<{ readonly findings: Finding[]; readonly programs: number }> {
  const trivial = await checkTrivial(problem, run);
  const own =
    problem.reference === undefined ? nothing : await checkReference(problem, problem.reference, run, repeats);
  const findings = [...trivial.findings, ...own.findings];
  // Both runs meet the same broken test code.
  const unique = findings.filter(({ kind }, at) => findings.findIndex((other) => other.kind === kind) === at);
  return { findings: unique, programs: trivial.programs + own.programs };
}

interface Part {
  readonly findings: readonly Finding[];
  readonly programs: number;
}

const nothing: Part = { findings: [], programs: 0 };

async function checkReference(problem: Problem, program: string, run: RunProgram, repeats: number): Promise<Part> {
  const judgements = [await run(problem, program)];
  const least = judgements[0].verdict.kind === "passed" ? repeats : Math.max(2, repeats);
  while (judgements.length < least && judgements[0].verdict.kind !== "infrastructure") {
    judgements.push(await run(problem, program));
  }
  const failed = judgements.find(({ verdict }) => verdict.kind !== "passed");
  const passed = judgements.some(({ verdict }) => verdict.kind === "passed");
  const slowest = Math.max(
    ...judgements.flatMap(({ tests }) => tests.map((test) => ("cpuMs" in test ? test.cpuMs : 0))),
  );
  const findings: Finding[] = [];
  if (failed?.verdict.kind === "infrastructure") {
    findings.push({ kind: "unusable tests", detail: failed.verdict.message });
  } else if (failed) {
    findings.push({ kind: passed ? "unsteady reference" : "wrong reference", detail: whyOf(failed) });
  } else if (slowest > SLOW_SHARE * problem.limits.timeMs) {
    const detail = `${Math.round(slowest)} of ${problem.limits.timeMs} ms for one test`;
    findings.push({ kind: "slow reference", detail });
  }
  return { findings, programs: judgements.length };
}

const SHOWN_CHARACTERS = 200;

function whyOf({ verdict, tests }: Judgement): string {
  const at = tests.findIndex(({ kind }) => !kind.startsWith("passed"));
  // How long it took is another number every time.
  const { cpuMs: _, ...outcome } = { cpuMs: 0, ...tests[at] };
  const failed = verdict.kind === "failed" && at >= 0;
  const text = failed ? `test ${at}: ${stringifyJson(outcome)}` : stringifyJson(verdict);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 3)}...` : text;
}

async function checkTrivial(problem: Problem, run: RunProgram): Promise<Part> {
  const idle = idlePrograms(problem);
  for (const [at, { about, source }] of idle.entries()) {
    const { verdict } = await run(problem, source);
    const programs = at + 1;
    if (verdict.kind === "infrastructure") {
      return { findings: [{ kind: "unusable tests", detail: verdict.message }], programs };
    }
    if (verdict.kind === "passed") {
      return { findings: [{ kind: "trivial tests", detail: `a program that ${about} passes all` }], programs };
    }
  }
  return { findings: [], programs: idle.length };
}

interface Idle {
  readonly about: string;
  readonly source: string;
}

/** Programs that do nothing, as the problem's tests would call them. */
function idlePrograms(problem: Problem): Idle[] {
  const name = calleeOf(problem);
  if (name === undefined) {
    const echo = problem.language === "python" ? PYTHON_ECHO : JAVASCRIPT_ECHO;
    const prints = problem.tests.some(({ kind }) => kind === "stdio");
    return [{ about: "is empty", source: "" }, ...(prints ? [{ about: "prints its input", source: echo }] : [])];
  }
  return [
    { about: "returns nothing", source: defined(problem, name, false) },
    { about: "returns its first argument", source: defined(problem, name, true) },
  ];
}

const PYTHON_ECHO = "import sys\nsys.stdout.write(sys.stdin.read())\n";
const JAVASCRIPT_ECHO = 'process.stdout.write(require("fs").readFileSync(0, "utf8"));\n';

/** The function that the tests call; undefined where none is known. */
function calleeOf({ tests, entryPoint }: Problem): string | undefined {
  const named = tests.find((test) => test.kind === "call" || test.kind === "check");
  if (named?.kind === "call") return named.function;
  return named?.kind === "check" ? named.entryPoint.replace("()", "") : entryPoint;
}

function defined({ language }: Problem, callee: string, echoes: boolean): string {
  const [owner, method] = callee.includes(".") ? callee.split(".", 2) : [undefined, callee];
  if (language === "javascript") {
    const body = `{ ${echoes ? "return x;" : ""} }`;
    return owner === undefined ? `function ${method}(x) ${body}\n` : `class ${owner} { ${method}(x) ${body} }\n`;
  }
  const body = echoes ? "return args[0] if args else next(iter(named.values()), None)" : "return None";
  if (owner === undefined) return `def ${method}(*args, **named):\n    ${body}\n`;
  return `class ${owner}:\n    def ${method}(self, *args, **named):\n        ${body}\n`;
}
