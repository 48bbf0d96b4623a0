// What is proved of files of problems before anybody trains on them: references pass, references differ, hidden tests
// tell them apart, splits share nothing. Everything is run by the judge and the tracer, nothing is believed.

import { InfrastructureError } from "../core/errors.js";
import { type Json, stringifyJson } from "../core/json.js";
import type { Judgement } from "../judge/verdict.js";
import { callText, inputOf } from "../problems/examples.js";
import { probeInputs } from "../problems/family/family.js";
import type { ValueType } from "../problems/family/operations.js";
import type { Problem, ProgramInput } from "../problems/problem.js";
import { pythonLiteral } from "../problems/python-literal.js";
import type { Trace } from "../tracer/trace.js";

/** Judge and tracer over one open sandbox. */
export interface ProgramRunner {
  judge(problem: Problem, program: string): Promise<Judgement>;
  trace(program: string, input: ProgramInput): Promise<Trace>;
}

export interface Check {
  readonly name: "references pass" | "references differ" | "hidden tests separate" | "splits are disjoint";
  readonly checked: number;
  readonly failures: readonly string[];
}

export interface CheckOptions {
  /** Problems with the same kind of input whose hidden tests are tried on each other's references. */
  readonly blockSize?: number;
  readonly onProgress?: (done: number, total: number, what: Check["name"]) => void;
}

interface Entry {
  readonly problem: Problem;
  readonly reference: string;
  /** Problems whose references take the same inputs. */
  readonly group: string;
}

interface Behaviour extends Entry {
  /** What the reference does on the group's probe inputs, one text each. */
  readonly probes: readonly string[];
  /** What it does on the hidden inputs of each problem of its block. */
  readonly hidden: ReadonlyMap<Problem, readonly string[]>;
}

/** All checks over all problems of all files. Problems without a reference count for none but the last. */
export async function checkProblems(
  runner: ProgramRunner,
  problems: readonly Problem[],
  options: CheckOptions,
): Promise<Check[]> {
  const entries = problems.flatMap(entryOf);
  const behaviours = await observe(runner, entries, options);
  return [
    await referencesPass(runner, entries, options),
    referencesDiffer(behaviours),
    hiddenTestsSeparate(behaviours),
    splitsAreDisjoint(problems),
  ];
}

function entryOf(problem: Problem): Entry[] {
  if (problem.reference === undefined) return [];
  const input = problem.tests.map(inputOf).find((found) => found !== undefined);
  return input ? [{ problem, reference: problem.reference, group: groupOf(input) }] : [];
}

function groupOf(input: ProgramInput): string {
  if (input.kind === "stdio") return `stdio ${typeOf(stdinValue(input.stdin))}`;
  return `${input.function}(${input.arguments.map(typeOf).join(", ")})`;
}

/** A line of integers, an integer, words, or a word. */
function stdinValue(stdin: string): Json {
  const words = stdin.trim().split(/\s+/);
  const numbers = words.every((word) => /^-?\d+$/.test(word));
  if (words.length === 1) return numbers ? Number(words[0]) : words[0];
  return numbers ? words.map(Number) : words;
}

function typeOf(value: Json): string {
  if (Array.isArray(value)) return `list of ${value.length > 0 ? typeOf(value[0] as Json) : "nothing"}`;
  if (value === null || typeof value !== "object") return typeof value;
  return Object.keys(value).every((key) => !key.startsWith("$")) ? "dict" : Object.keys(value)[0];
}

async function referencesPass(runner: ProgramRunner, entries: readonly Entry[], options: CheckOptions): Promise<Check> {
  const name = "references pass";
  const judgements = await inBatches(entries, options, name, ({ problem, reference }) =>
    runner.judge(problem, reference),
  );
  const failures = judgements.flatMap(({ verdict }, index) =>
    verdict.kind === "passed" ? [] : [`${entries[index].problem.id}: ${stringifyJson(verdict)}`],
  );
  return { name, checked: entries.length, failures };
}

/** Runs every reference on the probe inputs of its group and on all hidden inputs of its block. */
async function observe(runner: ProgramRunner, entries: readonly Entry[], options: CheckOptions): Promise<Behaviour[]> {
  const size = options.blockSize ?? BLOCK;
  const jobs = [...groupBy(entries, ({ group }) => group).values()].flatMap((members) => {
    const probes = probesOf(members);
    return members.map((entry, index) => {
      const start = index - (index % size);
      return { entry, probes, block: members.slice(start, start + size) };
    });
  });
  return inBatches(jobs, options, "references differ", async ({ entry, probes, block }) => {
    const hidden = block.map(({ problem }) => hiddenInputs(problem));
    const texts = await runOn(runner, entry.reference, [...probes, ...hidden.flat()]);
    let at = probes.length;
    return {
      ...entry,
      probes: texts.slice(0, at),
      hidden: new Map(block.map(({ problem }, index) => [problem, texts.slice(at, (at += hidden[index].length))])),
    };
  });
}

const BLOCK = 400;

function hiddenInputs({ tests }: Problem): ProgramInput[] {
  return tests
    .filter(({ visible }) => visible !== true)
    .map(inputOf)
    .filter((input) => input !== undefined);
}

const MAX_PROBES = 12;

/** The family's own probe inputs, or test inputs from all over the group. */
function probesOf(members: readonly Entry[]): ProgramInput[] {
  const inputs = members.flatMap(({ problem }) => problem.tests.map(inputOf).filter((input) => input !== undefined));
  if (members.every(({ problem }) => problem.source === "family")) {
    const type = familyType(inputs[0]);
    if (type) return probeInputs(type, inputs[0].kind === "call" ? "function" : "stdin");
  }
  const distinct = [...new Map(inputs.map((input) => [stringifyJson(input), input])).values()];
  const stride = Math.max(1, Math.floor(distinct.length / MAX_PROBES));
  return distinct.filter((_, index) => index % stride === 0).slice(0, MAX_PROBES);
}

const FAMILY_TYPES: Readonly<Record<string, ValueType>> = {
  "list of number": "ints",
  number: "int",
  string: "string",
  "list of string": "strings",
  dict: "counts",
};

function familyType(input: ProgramInput): ValueType | undefined {
  return FAMILY_TYPES[typeOf(input.kind === "call" ? input.arguments[0] : stdinValue(input.stdin))];
}

/** Runs the program on each line of stdin: a call's arguments as a literal, or a quoted text for its own stdin. */
function driver(program: string, name: string | undefined): string {
  const callee = name?.includes(".") ? name.replace(".", "().") : name;
  const body = callee
    ? `_result = repr(eval("${callee}" + _line, _names))`
    : `sys.stdin = io.StringIO(eval(_line)); exec(_code, {"__name__": "__main__"}); _result = _out.getvalue().rstrip()`;
  return `
import sys, io, contextlib
_code = compile(${pythonLiteral(program)}, "reference", "exec")
_lines = sys.stdin.read().split("\\n")
_names = {"__name__": "reference"}
${callee ? "exec(_code, _names)" : ""}
for _line in _lines:
    _out = io.StringIO()
    try:
        with contextlib.redirect_stdout(_out):
            ${body}
    except Exception as _error:
        _result = "raised " + type(_error).__name__
    print(ascii(_result))
`;
}

/** One text an input: the repr of what the function returns, or what the script prints, or what it raises. */
async function runOn(runner: ProgramRunner, program: string, inputs: readonly ProgramInput[]): Promise<string[]> {
  const [first] = inputs;
  const lines = inputs.map((input) =>
    input.kind === "call" ? callText(input).slice(input.function.length) : pythonLiteral(input.stdin),
  );
  const source = driver(program, first.kind === "call" ? first.function : undefined);
  const { status, stdout } = await runner.trace(source, { kind: "stdio", stdin: lines.join("\n") });
  const texts = stdout.trimEnd().split("\n");
  if (status === "ok" && texts.length === inputs.length) return texts;
  throw new InfrastructureError(`running a reference on ${inputs.length} inputs ended with ${status}:\n${program}`);
}

/** Compares behaviours on the probes; the same program twice in a file is a failure too. */
function referencesDiffer(behaviours: readonly Behaviour[]): Check {
  const alike = groupBy(behaviours, ({ group, probes, problem }) =>
    [stringifyJson(problem.metadata.split), group, ...probes].join("\n"),
  );
  const failures = [...alike.values()]
    .filter((members) => members.length > 1)
    .map((members) => `${members.map(({ problem }) => label(problem)).join(" and ")} behave alike`);
  return { name: "references differ", checked: behaviours.length, failures };
}

function label({ id, metadata }: Problem): string {
  return typeof metadata.composition === "string" ? `${id} (${metadata.composition})` : id;
}

/** Every other reference of the block that behaves differently on the probes must differ on a hidden input. */
function hiddenTestsSeparate(behaviours: readonly Behaviour[]): Check {
  const known = new Map(behaviours.map((behaviour) => [behaviour.problem, behaviour]));
  const failures: string[] = [];
  let checked = 0;
  for (const rival of behaviours) {
    for (const [problem, texts] of rival.hidden) {
      const own = known.get(problem);
      if (!own || own === rival || same(own.probes, rival.probes)) continue;
      checked++;
      if (!same(own.hidden.get(problem) ?? [], texts)) continue;
      failures.push(`the hidden tests of ${label(problem)} do not tell it from ${label(rival.problem)}`);
    }
  }
  return { name: "hidden tests separate", checked, failures };
}

function same(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((text, index) => text === right[index]);
}

function splitsAreDisjoint(problems: readonly Problem[]): Check {
  const splits = new Map<string, Map<string, string>>();
  let checked = 0;
  for (const { id, metadata } of problems) {
    if (typeof metadata.composition !== "string" || typeof metadata.split !== "string") continue;
    checked++;
    const seen = splits.get(metadata.composition) ?? new Map<string, string>();
    splits.set(metadata.composition, seen.set(metadata.split, id));
  }
  const failures = [...splits]
    .filter(([, seen]) => seen.size > 1)
    .map(
      ([composition, seen]) =>
        `${composition} is in ${[...seen].map(([split, id]) => `${split} (${id})`).join(" and ")}`,
    );
  return { name: "splits are disjoint", checked, failures };
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

const BATCH = 16;

async function inBatches<Item, Result>(
  items: readonly Item[],
  { onProgress }: CheckOptions,
  name: Check["name"],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += BATCH) {
    results.push(...(await Promise.all(items.slice(at, at + BATCH).map(work))));
    onProgress?.(results.length, items.length, name);
  }
  return results;
}
