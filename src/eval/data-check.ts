// What is proved of files of problems before anybody trains on them: references pass, references differ, hidden tests
// tell them apart, splits share nothing. Everything is run by the judge and the tracer, nothing is believed.

import { type Json, stringifyJson } from "../core/json.js";
import type { Judgement } from "../judge/verdict.js";
import { inputOf } from "../problems/examples.js";
import { probeInputs } from "../problems/family/family.js";
import type { ValueType } from "../problems/family/operations.js";
import type { Problem, ProgramInput } from "../problems/problem.js";
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
  /** Other references that each problem's hidden tests are tried on: those that behave most alike. */
  readonly rivals: number;
  readonly onProgress?: (done: number, total: number, what: Check["name"]) => void;
}

interface Entry {
  readonly problem: Problem;
  readonly reference: string;
  /** Problems whose references take the same inputs. */
  readonly group: string;
}

interface Behaviour extends Entry {
  /** One text a probe input. */
  readonly outputs: readonly string[];
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
    await hiddenTestsSeparate(runner, behaviours, options),
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

/** What every reference does on the probe inputs of its group. */
async function observe(runner: ProgramRunner, entries: readonly Entry[], options: CheckOptions): Promise<Behaviour[]> {
  const groups = groupBy(entries, ({ group }) => group);
  const probes = new Map([...groups].map(([group, members]) => [group, probesOf(members)]));
  return inBatches(entries, options, "references differ", async (entry) => ({
    ...entry,
    outputs: await outputsOf(runner, entry.reference, probes.get(entry.group) ?? []),
  }));
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

/** Calls the function on all inputs in one run; copies keep one call's changes from the next one. */
function driver(name: string): string {
  const callee = name.includes(".") ? name.replace(".", "().") : name;
  return `
def _probe(_inputs):
    import copy as _copy
    _results = []
    for _arguments in _inputs:
        try:
            _results.append([True, _copy.deepcopy(${callee}(*_arguments))])
        except Exception as _error:
            _results.append([False, type(_error).__name__])
    return _results
`;
}

async function outputsOf(runner: ProgramRunner, program: string, probes: readonly ProgramInput[]): Promise<string[]> {
  const calls = probes.filter((probe) => probe.kind === "call");
  if (calls.length === probes.length && calls.length > 0) {
    const inputs = calls.map((call) => call.arguments);
    const { status, returned } = await runner.trace(`${program}\n${driver(calls[0].function)}`, {
      kind: "call",
      function: "_probe",
      arguments: [inputs],
    });
    if (status !== "ok" || !Array.isArray(returned)) return probes.map(() => status);
    return returned.map((result: Json) => stringifyJson(result));
  }
  const traces = await Promise.all(probes.map((probe) => runner.trace(program, probe)));
  return traces.map(({ status, stdout }) => `${status} ${stdout}`);
}

/** Compares behaviours on the probes; the same program twice in a file is a failure too. */
function referencesDiffer(behaviours: readonly Behaviour[]): Check {
  const alike = groupBy(behaviours, ({ group, outputs, problem }) =>
    [stringifyJson(problem.metadata.split), group, ...outputs].join("\n"),
  );
  const failures = [...alike.values()]
    .filter((members) => members.length > 1)
    .map((members) => `${members.map(({ problem }) => label(problem)).join(" and ")} behave alike`);
  return { name: "references differ", checked: behaviours.length, failures };
}

function label({ id, metadata }: Problem): string {
  return typeof metadata.composition === "string" ? `${id} (${metadata.composition})` : id;
}

/** Other references that behave differently must fail a hidden test. */
async function hiddenTestsSeparate(
  runner: ProgramRunner,
  behaviours: readonly Behaviour[],
  options: CheckOptions,
): Promise<Check> {
  const name = "hidden tests separate";
  const groups = groupBy(behaviours, ({ group }) => group);
  const pairs = behaviours.flatMap((own) =>
    nearest(own, groups.get(own.group) ?? [], options.rivals).map((rival) => ({ own, rival })),
  );
  const results = await inBatches(pairs, options, name, async ({ own, rival }) => {
    const hidden = own.problem.tests.filter(({ visible }) => visible !== true);
    if (hidden.length === 0) return `${own.problem.id} has no hidden tests`;
    const { verdict } = await runner.judge({ ...own.problem, tests: hidden }, rival.reference);
    if (verdict.kind === "failed") return undefined;
    return `the hidden tests of ${label(own.problem)} do not tell it from ${label(rival.problem)} (${verdict.kind})`;
  });
  return { name, checked: pairs.length, failures: [...new Set(results.filter((failure) => failure !== undefined))] };
}

/** The references with the most equal outputs that are not equal in all. */
function nearest(own: Behaviour, group: readonly Behaviour[], count: number): Behaviour[] {
  return group
    .map((rival) => ({ rival, agreed: rival.outputs.filter((output, index) => output === own.outputs[index]).length }))
    .filter(({ rival, agreed }) => rival !== own && agreed < own.outputs.length)
    .sort((a, b) => b.agreed - a.agreed)
    .slice(0, count)
    .map(({ rival }) => rival);
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

const BATCH = 64;

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
