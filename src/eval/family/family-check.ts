// What is proved of the bundled family beyond what every data set is checked for (data-set/check.ts): references differ,
// hidden tests tell them apart, splits share nothing. Everything is run by the tracer, nothing is believed.

import { InfrastructureError } from "../../core/errors.js";
import { type Json, stringifyJson } from "../../core/json.js";
import { callText, inputOf } from "../../problems/examples.js";
import { probeInputs } from "../../problems/family/family.js";
import type { ValueType } from "../../problems/family/operations.js";
import type { Problem, ProgramInput } from "../../problems/problem.js";
import { pythonLiteral } from "../../problems/python-literal.js";
import type { Trace } from "../../tracer/trace.js";
import type { CheckResult } from "../data-set/tally.js";

/** The tracer over an open sandbox. */
export interface ProgramTracer {
  trace(program: string, input: ProgramInput): Promise<Trace>;
}

const abouts = {
  "references differ": "problems whose references behave alike",
  "hidden tests separate": "hidden tests that another problem's reference passes too",
  "splits are disjoint": "compositions that are in two splits",
} as const;

export type FamilyCheck = CheckResult & { readonly name: keyof typeof abouts };

export interface FamilyCheckOptions {
  readonly onProgress?: (done: number, total: number) => void;
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
export async function checkFamily(
  runner: ProgramTracer,
  problems: readonly Problem[],
  options: FamilyCheckOptions = {},
): Promise<FamilyCheck[]> {
  const entries = problems.flatMap(entryOf);
  const behaviours = await observe(runner, entries, options);
  return [referencesDiffer(behaviours), hiddenTestsSeparate(behaviours), splitsAreDisjoint(problems)];
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

/** Runs every reference on the probe inputs of its group and on all hidden inputs of its block. */
async function observe(
  runner: ProgramTracer,
  entries: readonly Entry[],
  options: FamilyCheckOptions,
): Promise<Behaviour[]> {
  const jobs = [...groupBy(entries, ({ group }) => group).values()].flatMap((members) => {
    const probes = probesOf(members);
    return members.map((entry, index) => {
      const start = index - (index % BLOCK);
      return { entry, probes, block: members.slice(start, start + BLOCK) };
    });
  });
  return inBatches(jobs, options, async ({ entry, probes, block }) => {
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

/** Problems whose hidden tests are tried on each other's references: all pairs of a large file would be too many. */
const BLOCK = 32;

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
async function runOn(runner: ProgramTracer, program: string, inputs: readonly ProgramInput[]): Promise<string[]> {
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
function referencesDiffer(behaviours: readonly Behaviour[]): FamilyCheck {
  const alike = groupBy(behaviours, ({ group, probes, problem }) =>
    [stringifyJson(problem.metadata.split), group, ...probes].join("\n"),
  );
  const failures = [...alike.values()]
    .filter((members) => members.length > 1)
    .map((members) => `${members.map(({ problem }) => label(problem)).join(" and ")} behave alike`);
  return result("references differ", behaviours.length, failures);
}

function label({ id, metadata }: Problem): string {
  return typeof metadata.composition === "string" ? `${id} (${metadata.composition})` : id;
}

/** Every other reference of the block that behaves differently on the probes must differ on a hidden input. */
function hiddenTestsSeparate(behaviours: readonly Behaviour[]): FamilyCheck {
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
  return result("hidden tests separate", checked, failures);
}

function same(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((text, index) => text === right[index]);
}

function splitsAreDisjoint(problems: readonly Problem[]): FamilyCheck {
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
  return result("splits are disjoint", checked, failures);
}

function result(name: FamilyCheck["name"], checked: number, failures: readonly string[]): FamilyCheck {
  return { name, about: abouts[name], checked, failed: failures.length, drops: true, failures };
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
  { onProgress }: FamilyCheckOptions,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += BATCH) {
    results.push(...(await Promise.all(items.slice(at, at + BATCH).map(work))));
    onProgress?.(results.length, items.length);
  }
  return results;
}
