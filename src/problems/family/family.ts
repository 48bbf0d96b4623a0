// The bundled family as problem records: from a drawn task to what is shown to the model and what decides.

import { UsageError } from "../../core/errors.js";
import type { Json } from "../../core/json.js";
import { Rng } from "../../core/rng.js";
import { exampleOf } from "../examples.js";
import { type Problem, type ProgramInput, problemSchema, type Test } from "../problem.js";
import type { ValueType } from "./operations.js";
import { type Form, programOf, shortStyles, starterCode } from "./program.js";
import { type CompiledProgram, compileProgram, evaluate } from "./python/evaluate.js";
import {
  compositionOf,
  drawInput,
  drawTask,
  type Example,
  type Split,
  type Subset,
  smallOutput,
  type Task,
  type TaskOptions,
  VAGUE_RATE,
  VISIBLE_EXAMPLES,
} from "./task.js";

/** References take about a millisecond: a program that loops should not cost the six seconds of the default. */
const TIME_LIMIT_MS = 1000;

/** One problem drawn at random. @param id unique where problems are kept together */
export function generateProblem(rng: Rng, options: TaskOptions, id = "family/drawn"): Problem {
  return problemOf(drawTask(rng, options), id);
}

/** The record of a task. The prompt is the specification and the visible examples, as comments. */
export function problemOf(task: Task, id: string): Problem {
  const tests = task.examples.map((example, index) => testOf(example, index < VISIBLE_EXAMPLES));
  const reference = referenceOf(task);
  return problemSchema.parse({
    id,
    language: "python",
    prompt: `${[`# ${task.specification}`, ...tests.slice(0, VISIBLE_EXAMPLES).map(exampleLine)].join("\n")}\n`,
    ...(task.form === "function" && { entryPoint: "f" }),
    starterCode: starterCode(task.form, task.steps[0].operation.from),
    tests,
    limits: { timeMs: TIME_LIMIT_MS },
    reference,
    source: "family",
    license: "Apache-2.0",
    metadata: {
      composition: compositionOf(task.steps),
      split: task.split,
      subset: task.subset,
      style: task.form,
      vague: task.vague,
    },
  });
}

function referenceOf(task: Task): string {
  return programOf(task.steps, shortStyles(task.steps), task.form);
}

function exampleLine(test: Test): string {
  const example = exampleOf(test);
  return example ? example.question + example.answer : "";
}

function testOf({ input, output }: Example, visible: boolean): Test {
  const mark = visible ? { visible } : {};
  if (input.kind === "stdio") return { ...input, stdout: typeof output === "string" ? output : "", ...mark };
  return { kind: "call", function: input.function, arguments: [...input.arguments], expected: output, ...mark };
}

export interface FamilyOptions {
  readonly seed: number;
  readonly count: number;
  readonly split: Split;
  readonly subset: Subset;
  readonly vague?: number;
  /** Draws in a row without a new problem after which the family counts as used up. */
  readonly patience?: number;
}

/**
 * `count` problems, the same for the same options. No two references behave alike on the common probe inputs, and each
 * fails a hidden test of every other.
 *
 * @throws UsageError where the family has too few different problems
 */
export function generateFamily(options: FamilyOptions): Problem[] {
  const rng = Rng.of("family", options.seed, options.split, options.subset);
  let candidates: Candidate[] = [];
  const behaviours = new Set<string>();
  while (candidates.length < options.count) {
    candidates.push(...drawDifferent(rng, options, options.count - candidates.length, behaviours));
    candidates = separate(rng, candidates);
  }
  return candidates.map(({ task }, index) => problemOf(task, `family/${String(index).padStart(6, "0")}`));
}

interface Candidate {
  readonly task: Task;
  readonly program: CompiledProgram;
  /** Only programs of one group take the same inputs. */
  readonly group: string;
}

const PATIENCE = 300;

function drawDifferent(rng: Rng, options: FamilyOptions, count: number, behaviours: Set<string>): Candidate[] {
  const { patience = PATIENCE } = options;
  const drawn: Candidate[] = [];
  for (let repeats = 0; drawn.length < count; ) {
    const task = drawTask(rng, { ...options, vague: options.vague ?? VAGUE_RATE });
    const program = compileProgram(referenceOf(task));
    const type = task.steps[0].operation.from;
    const outputs = probeInputs(type, task.form).map((input) => JSON.stringify(outputOf(program, input) ?? null));
    const group = `${task.form} ${type}`;
    const behaviour = `${group} ${outputs.join(" ")}`;
    if (behaviours.has(behaviour)) {
      if (++repeats < patience) continue;
      throw new UsageError(
        `the family has about ${behaviours.size} different ${options.subset} problems for ${options.split}; ` +
          `found no more in ${patience} draws: ask for a smaller --count`,
      );
    }
    repeats = 0;
    behaviours.add(behaviour);
    drawn.push({ task, program, group });
  }
  return drawn;
}

const PROBES = 12;

/** The inputs on which programs of one type are compared, always the same ones. */
export function probeInputs(type: ValueType, form: Form): ProgramInput[] {
  const rng = Rng.of("probes", type, form);
  return Array.from({ length: PROBES }, () => drawInput(rng, type, form));
}

const SEARCH = 40;

/** Exchanges hidden examples until they tell a reference from all others; leaves out those that no small input tells. */
function separate(rng: Rng, candidates: readonly Candidate[]): Candidate[] {
  const groups = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const group = groups.get(candidate.group);
    if (group) group.push(candidate);
    else groups.set(candidate.group, [candidate]);
  }
  return candidates.flatMap((candidate) => {
    const { task, program } = candidate;
    const rivals = groups.get(candidate.group) ?? [];
    const examples = [...task.examples];
    for (let round = 0; round < SEARCH; round++) {
      const hidden = examples.slice(VISIBLE_EXAMPLES);
      const confused = rivals.find((rival) => rival !== candidate && passes(rival.program, hidden));
      if (!confused) return [{ ...candidate, task: { ...task, examples } }];
      const better = tellApart(rng, { ...task, examples }, program, confused.program);
      if (!better) return [];
      examples[examples.length - 1 - (round % hidden.length)] = better;
    }
    return [];
  });
}

function passes(program: CompiledProgram, examples: readonly Example[]): boolean {
  return examples.every(({ input, output }) => JSON.stringify(outputOf(program, input)) === JSON.stringify(output));
}

/** What the program returns or prints; undefined where it raises. */
export function outputOf(program: CompiledProgram, input: ProgramInput): Json | undefined {
  const { status, returned, stdout } = evaluate(program, input);
  if (status !== "ok") return undefined;
  return input.kind === "call" ? returned : stdout;
}

/** An example on which the other program errs; undefined where a search finds none. */
function tellApart(rng: Rng, task: Task, own: CompiledProgram, other: CompiledProgram): Example | undefined {
  const known = new Set(task.examples.map(({ input }) => JSON.stringify(input)));
  for (let tries = 0; tries < SEARCH; tries++) {
    const input = drawInput(rng, task.steps[0].operation.from, task.form);
    const output = smallOutput(own, input);
    if (output === undefined || known.has(JSON.stringify(input))) continue;
    if (!passes(other, [{ input, output }])) return { input, output };
  }
  return undefined;
}
