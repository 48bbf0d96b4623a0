// A rollout's program run again in the sandbox and recorded, to be stepped through. Program and input come from the run's
// records and its data; nothing else of this machine is read. What the program does is data, whatever it does.

import { join } from "node:path";
import { valueTypeOf } from "../alignment/value-type.js";
import { isRegularFile } from "../core/files.js";
import { type Json, parseJson, stringifyJson } from "../core/json.js";
import { inputOf } from "../problems/examples.js";
import type { Language } from "../problems/notation.js";
import { defaultLimits, type Problem, type ProgramInput, type Test } from "../problems/problem.js";
import { isObject } from "../problems/tags.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import type { TraceInput } from "../tracer/passes.js";
import type { Trace } from "../tracer/trace.js";
import { trace } from "../tracer/tracer.js";
import type { RolloutPlace, TraceDetail, TraceRequest } from "./api/rollouts.js";
import { RefusedRequest } from "./refusal.js";
import { languageOf } from "./rollouts/detail.js";
import { type Entry, entryOf } from "./rollouts/entry.js";
import { runFacts } from "./rollouts/facts.js";
import { RunProblems } from "./rollouts/problem.js";
import { linesOf, piecesOf, stepFile } from "./rollouts/step-file.js";
import { inputText, textOf } from "./rollouts/values.js";

/** A reader waits for it: programs get no more time than this, whatever their problem allows. */
const TIME_MS = 1000;

/** @throws RefusedRequest where there is no such rollout, no program in it or no such test; UsageError for a bad expression */
export async function traceRollout(sandbox: Sandbox, runPath: string, request: TraceRequest): Promise<TraceDetail> {
  const { entry, line } = await recordAt(runPath, request);
  const { program } = entry;
  if (program === null) throw new RefusedRequest(404, "the completion holds no program, so there is nothing to trace");
  const problem = await problemOf(runPath, entry.problem);
  const fields = JSON.parse(line) as { readonly prompt?: unknown; readonly completion?: unknown };
  const language = problem?.language ?? languageOf(String(fields.prompt), String(fields.completion));
  const { input, stdin, test } = inputFor(request, line, problem);
  const limits = problem?.limits ?? defaultLimits;
  const traced = await trace(sandbox, program, input, {
    language,
    stdin,
    limits: { ...limits, timeMs: Math.min(limits.timeMs, TIME_MS) },
    preamble: problem?.preamble,
    files: problem?.files,
    determinismCheck: false,
    moments: true,
  });
  const expected = test ? expectedOf(test, language) : null;
  return { program, language, ...inputShown(input, language), expected, ...detailOf(traced, language) };
}

async function recordAt(
  runPath: string,
  { step, group, sample }: RolloutPlace,
): Promise<{ readonly entry: Entry; readonly line: string }> {
  const path = join(runPath, "rollouts", stepFile(step));
  if (isRegularFile(path)) {
    for await (const piece of piecesOf(path)) {
      for (const { from, to } of linesOf(piece)) {
        const line = piece.bytes.toString("utf8", from, to);
        const entry = entryOf(line);
        if (typeof entry !== "string" && entry.group === group && entry.sample === sample) return { entry, line };
      }
    }
  }
  throw new RefusedRequest(404, `the run has no rollout ${sample} in group ${group} of step ${step}`);
}

async function problemOf(runPath: string, id: string): Promise<Problem | null> {
  const found = await new RunProblems(runFacts(runPath).data).find(id);
  return "problem" in found ? found.problem : null;
}

interface Input {
  readonly input: TraceInput;
  readonly stdin?: string;
  /** That it is taken from. */
  readonly test?: Test;
}

function inputFor(request: TraceRequest, line: string, problem: Problem | null): Input {
  const { input } = request;
  switch (input.kind) {
    case "stdin":
      return { input: { kind: "stdio", stdin: input.stdin } };
    case "expression":
      return { input: { kind: "expression", expression: input.expression }, stdin: input.stdin };
    case "test":
      return testInput(input.test, problem);
    case "own":
      return ownInput(line, problem);
    default:
      return input satisfies never;
  }
}

function testInput(at: number, problem: Problem | null): Input {
  const test = problem?.tests[at];
  if (problem === null)
    throw new RefusedRequest(404, "the run's data is not at hand, so there are no tests to choose from");
  if (!test) throw new RefusedRequest(404, `the problem has ${problem.tests.length} tests; there is no test ${at + 1}`);
  const input = inputOf(test);
  if (input) return { input, test };
  throw new RefusedRequest(400, `test ${at + 1} is code of its own; trace an expression such as its call instead`);
}

/** What an alignment rollout asks about; of a code rollout the first test that it fails, or the first. */
function ownInput(line: string, problem: Problem | null): Input {
  const record = parseJson(line);
  const { alignment, tests } = isObject(record) ? record : {};
  const asked = isObject(alignment) ? alignment["input"] : undefined;
  if (isInput(asked)) return { input: asked };
  const failed = Array.isArray(tests) ? (tests as readonly Json[]).findIndex(isFailed) : -1;
  const test = problem?.tests[Math.max(failed, 0)];
  const input = test && inputOf(test);
  return test && input ? { input, test } : { input: { kind: "stdio", stdin: "" } };
}

function expectedOf(test: Test, language: Language): string | null {
  if (test.kind === "stdio") return test.stdout;
  return test.kind === "call" ? textOf(test.expected, language) : null;
}

function isFailed(outcome: Json): boolean {
  const kind = isObject(outcome) ? outcome["kind"] : null;
  return typeof kind === "string" && !["passed", "passed-within-tolerance", "not-run"].includes(kind);
}

/** A record may be another's work. */
function isInput(value: Json | undefined): value is Json & ProgramInput {
  if (!isObject(value)) return false;
  const { kind, stdin, function: name, arguments: values, keywords } = value;
  if (kind === "stdio") return typeof stdin === "string";
  if (kind !== "call" || typeof name !== "string" || !/^[A-Za-z_][\w.()]*$/.test(name)) return false;
  return Array.isArray(values) && (keywords === undefined || isObject(keywords));
}

function inputShown(input: TraceInput, language: Language): Pick<TraceDetail, "input" | "inputKind"> {
  if (input.kind === "expression") return { input: input.expression, inputKind: "call" };
  return { input: inputText(input, language), inputKind: input.kind };
}

/** What the run itself says. */
type Recorded = Omit<TraceDetail, "program" | "language" | "input" | "inputKind" | "expected">;

function detailOf(traced: Trace, language: Language): Recorded {
  const { status, message, stdout, returned, moments, engine, cpuMs } = traced;
  const numbers = new Map<string, number>();
  const numberOf = (name: string): number => {
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return number;
  };
  const list = moments?.list.map(({ changes, ...moment }) => ({
    ...moment,
    changes: changes.map(([key, value]): [number, string | null] => [
      numberOf(key),
      value === undefined ? null : shortText(value, language),
    ]),
  }));
  return {
    status,
    message,
    stdout,
    returned: returned === undefined ? null : textOf(returned, language),
    variables: Object.entries(traced.variables).map(([name, value]) => ({
      name,
      type: valueTypeOf(value),
      text: textOf(value, language),
      note: noteOn(name, traced),
    })),
    moments: list ?? null,
    names: [...numbers.keys()],
    cut: moments?.cut ?? false,
    agrees: moments?.agrees ?? true,
    engine,
    cpuMs,
  };
}

/** What has no form as data is a function, a generator or the like. */
function shortText(value: Json, language: Language): string {
  return stringifyJson(value) === '{"$foreign": true}' ? "<no data>" : textOf(value, language);
}

function noteOn(name: string, { recursive, ambiguous }: Trace): string {
  if (ambiguous.includes(name)) return "unbound in the last call of its function";
  const scope = name.slice(0, Math.max(0, name.lastIndexOf(".")));
  return recursive.includes(scope) ? "its function calls itself: of the outermost call" : "";
}
