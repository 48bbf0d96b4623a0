// Draws one task of the family: a composition of operations, its specification in words, and inputs with outputs that
// stay small. Outputs come from the evaluator here; a real Python confirms them before they are written to a file.

import { createHash } from "node:crypto";
import { type Json, stringifyJson } from "../../core/json.js";
import type { Rng } from "../../core/rng.js";
import type { ProgramInput } from "../problem.js";
import { CORE_OPERATIONS, OPERATIONS, type Operation, type ValueType } from "./operations.js";
import { type Form, PRINTABLE, programOf, type Step, shortStyles } from "./program.js";
import { type CompiledProgram, compileProgram, type Evaluation, evaluate } from "./python/evaluate.js";

export type Split = "train" | "held-out";
export type Subset = "core" | "full";

export interface TaskOptions {
  readonly split: Split;
  readonly subset: Subset;
  /** Probability that a step is worded vaguely, so that the examples have to tell the rest. */
  readonly vague?: number;
}

export const VAGUE_RATE = 0.2;
export const VISIBLE_EXAMPLES = 2;
const HIDDEN_EXAMPLES = 4;

export interface Example {
  readonly input: ProgramInput;
  /** What the function returns, or the printed text. */
  readonly output: Json;
}

export interface Task {
  readonly steps: readonly Step[];
  readonly subset: Subset;
  readonly split: Split;
  readonly form: Form;
  readonly specification: string;
  readonly vague: boolean;
  /** The visible ones first. */
  readonly examples: readonly Example[];
}

/** The composition's key: what train and held-out never share. */
export function compositionOf(steps: readonly Step[]): string {
  return steps.map(({ operation }) => operation.name).join("|");
}

/** One composition in five is held out, by the hash of its key. */
export function splitOf(composition: string): Split {
  return createHash("sha256").update(composition).digest().readUInt32BE(0) % 5 === 0 ? "held-out" : "train";
}

/** Always ends: compositions that leave the small values are drawn again. */
export function drawTask(rng: Rng, options: TaskOptions): Task {
  for (;;) {
    const operations = options.subset === "core" ? drawCore(rng) : drawFull(rng);
    const steps = operations.map((operation) => ({
      operation,
      constant: operation.constants.length > 0 ? rng.pick(operation.constants) : undefined,
    }));
    if (new Set(operations).size < operations.length) continue;
    if (operations.filter(({ forms }) => forms.short === undefined).length > 1) continue;
    if (splitOf(compositionOf(steps)) !== options.split) continue;
    const form = drawForm(rng, options.subset, operations);
    const examples = drawExamples(rng, steps, form);
    if (!examples) continue;
    return {
      steps,
      subset: options.subset,
      split: options.split,
      form,
      examples,
      ...specify(rng, steps, options.vague),
    };
  }
}

function coreOf(from: ValueType, to: ValueType): Operation[] {
  return CORE_OPERATIONS.filter((operation) => operation.from === from && operation.to === to);
}

const CORE_LISTS = coreOf("ints", "ints");
const CORE_REDUCERS = coreOf("ints", "int");
const CORE_SHIFTS = coreOf("int", "int");

/** One or two list operations, then perhaps a reducer, then perhaps an operation on its result. */
function drawCore(rng: Rng): Operation[] {
  const lists = rng.pick([1, 1, 2, 2, 2]);
  const operations = Array.from({ length: lists }, () => rng.pick(CORE_LISTS));
  if (lists === 1 || rng.uniform() < 0.55) {
    operations.push(rng.pick(CORE_REDUCERS));
    if (lists === 1 && rng.uniform() < 0.35) operations.push(rng.pick(CORE_SHIFTS));
  }
  return operations;
}

const INPUT_TYPES: readonly ValueType[] = [
  "ints",
  "ints",
  "ints",
  "ints",
  "string",
  "string",
  "strings",
  "strings",
  "counts",
  "int",
];

/** Two or three operations of fitting types. */
function drawFull(rng: Rng): Operation[] {
  let type = rng.pick(INPUT_TYPES);
  return Array.from({ length: rng.pick([2, 3, 3]) }, () => {
    const operation = rng.pick(OPERATIONS.filter(({ from }) => from === type));
    type = operation.to;
    return operation;
  });
}

function drawForm(rng: Rng, subset: Subset, operations: readonly Operation[]): Form {
  const { from } = operations[0];
  const { to } = operations[operations.length - 1];
  const possible = subset === "full" && PRINTABLE.includes(from) && PRINTABLE.includes(to);
  return possible && rng.uniform() < 0.35 ? "stdin" : "function";
}

function specify(rng: Rng, steps: readonly Step[], rate = VAGUE_RATE): Pick<Task, "specification" | "vague"> {
  let vague = false;
  const words = steps.map(({ operation, constant }) => {
    const isVague = rng.uniform() < rate;
    vague ||= isVague;
    return rng.pick(isVague ? operation.vague : operation.exact).replace("{k}", String(constant));
  });
  return { specification: words.join(", then "), vague };
}

const TRIES = 60;

/** Distinct inputs with small traces and more than one output; undefined where the composition gives too few. */
function drawExamples(rng: Rng, steps: readonly Step[], form: Form): Example[] | undefined {
  const program = compileProgram(programOf(steps, shortStyles(steps), form));
  const examples: Example[] = [];
  const inputs = new Set<string>();
  for (let tries = 0; tries < TRIES && examples.length < VISIBLE_EXAMPLES + HIDDEN_EXAMPLES; tries++) {
    const input = drawInput(rng, steps[0].operation.from, form);
    const key = JSON.stringify(input);
    const output = inputs.has(key) ? undefined : smallOutput(program, input);
    if (output === undefined) continue;
    inputs.add(key);
    examples.push({ input, output });
  }
  if (examples.length < VISIBLE_EXAMPLES + HIDDEN_EXAMPLES) return undefined;
  return new Set(examples.map(({ output }) => JSON.stringify(output))).size > 1 ? examples : undefined;
}

/** The output on this input; undefined where the run fails, says nothing, or leaves the small values. */
export function smallOutput(program: CompiledProgram, input: ProgramInput): Json | undefined {
  const evaluation = evaluate(program, input);
  if (!isSmall(evaluation)) return undefined;
  return input.kind === "call" ? evaluation.returned : evaluation.stdout;
}

const SMALLEST = -20;
const LARGEST = 60;

/** Every variable and the output are values that a small model can write. */
export function isSmall({ status, variables, returned, stdout }: Evaluation): boolean {
  if (status !== "ok" || !Object.values(variables).every(smallValue)) return false;
  return returned === undefined
    ? stdout.trim() !== "" && stdout.length <= 40
    : smallValue(returned) && !isEmpty(returned);
}

function isEmpty(value: Json): boolean {
  return value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
}

function smallValue(value: Json): boolean {
  if (typeof value === "number") return value >= SMALLEST && value <= LARGEST;
  if (typeof value === "string") return value.length <= 12;
  if (Array.isArray(value)) return value.length <= 6 && value.every(smallValue);
  if (typeof value !== "object" || value === null) return false;
  const items = Object.entries(value);
  return items.length <= 6 && items.every(([key, item]) => !key.startsWith("$") && smallValue(item as Json));
}

const ALPHABET = "abcdeio".split("");

function word(rng: Rng, low: number, high: number): string {
  return Array.from({ length: rng.integer(low, high) }, () => rng.pick(ALPHABET)).join("");
}

const DRAW: Readonly<Record<ValueType, (rng: Rng) => Json>> = {
  ints: (rng) => Array.from({ length: rng.integer(3, 4) }, () => rng.integer(0, 9)),
  int: (rng) => rng.integer(1, 30),
  string: (rng) => word(rng, 3, 6),
  strings: (rng) => Array.from({ length: rng.integer(2, 3) }, () => word(rng, 2, 5)),
  counts: (rng) => {
    const keys = rng.shuffled(ALPHABET).slice(0, rng.integer(2, 3));
    return Object.fromEntries(keys.map((key) => [key, rng.integer(1, 6)]));
  },
};

/** An input as the family's tests have them. */
export function drawInput(rng: Rng, type: ValueType, form: Form): ProgramInput {
  const value = DRAW[type](rng);
  if (form === "function") return { kind: "call", function: "f", arguments: [value] };
  const line = Array.isArray(value) ? value.join(" ") : typeof value === "string" ? value : stringifyJson(value);
  return { kind: "stdio", stdin: `${line}\n` };
}
