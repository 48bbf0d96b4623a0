// The bundled family as problem records: from a drawn task to what is shown to the model and what decides.

import type { Json } from "../../core/json.js";
import { Rng } from "../../core/rng.js";
import { exampleOf, inputOf } from "../examples.js";
import { type Problem, problemSchema, type ProgramInput, type Test } from "../problem.js";
import { programOf, shortStyles, starterCode } from "./program.js";
import { compileProgram, type CompiledProgram, evaluate } from "./python/evaluate.js";
import {
  compositionOf,
  drawInput,
  drawTask,
  type Example,
  smallOutput,
  type Split,
  type Subset,
  type Task,
  type TaskOptions,
  VAGUE_RATE,
  VISIBLE_EXAMPLES,
} from "./task.js";

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

export function referenceOf(task: Task): string {
  return programOf(task.steps, shortStyles(task.steps), task.form);
}

function exampleLine(test: Test): string {
  const example = exampleOf(test);
  return example ? example.question + example.answer : "";
}

function testOf({ input, output }: Example, visible: boolean): Test {
  const mark = visible ? { visible } : {};
  if (input.kind === "stdio") return { ...input, stdout: String(output as string), ...mark };
  return { kind: "call", function: input.function, arguments: [...input.arguments], expected: output, ...mark };
}

export interface FamilyOptions {
  readonly seed: number;
  readonly count: number;
  readonly split: Split;
  readonly subset: Subset;
  readonly vague?: number;
}

/**
 * `count` different problems, the same for the same options. Where two references behave differently, each fails a
 * hidden test of the other.
 */
export function generateFamily({ seed, count, split, subset, vague = VAGUE_RATE }: FamilyOptions): Problem[] {
  const rng = Rng.of("family", seed, split, subset);
  const tasks = new Map<string, Task>();
  while (tasks.size < count) {
    const task = drawTask(rng, { split, subset, vague });
    const key = JSON.stringify([referenceOf(task), task.specification]);
    if (!tasks.has(key)) tasks.set(key, task);
  }
  const separated = separate(rng, [...tasks.values()]);
  return separated.map((task, index) => problemOf(task, `family/${String(index).padStart(6, "0")}`));
}

interface Rival {
  readonly task: Task;
  readonly program: CompiledProgram;
}

const SEARCH = 40;

/** Exchanges hidden examples until they tell a reference from every other reference that behaves differently. */
function separate(rng: Rng, tasks: readonly Task[]): Task[] {
  const rivals = new Map<string, Rival[]>();
  for (const task of tasks) {
    const group = `${task.form} ${task.steps[0].operation.from}`;
    const program = compileProgram(referenceOf(task));
    rivals.set(group, [...(rivals.get(group) ?? []), { task, program }]);
  }
  return tasks.map((task) => {
    const group = rivals.get(`${task.form} ${task.steps[0].operation.from}`) ?? [];
    const own = compileProgram(referenceOf(task));
    const examples = [...task.examples];
    for (let round = 0, position = examples.length - 1; round < SEARCH; round++) {
      const confused = group.filter((rival) => rival.task !== task && passes(rival.program, examples.slice(VISIBLE_EXAMPLES)));
      const better = confused.map((rival) => tellApart(rng, task, own, rival.program)).find(Boolean);
      if (!better) break;
      examples[position] = better;
      position = position === VISIBLE_EXAMPLES ? examples.length - 1 : position - 1;
    }
    return { ...task, examples };
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
    const example = { input, output };
    if (!passes(other, [example])) return example;
  }
  return undefined;
}

/** The inputs of a problem's tests, the visible ones first; opaque tests have none. */
export function inputsOf(problem: Problem): ProgramInput[] {
  return problem.tests.map(inputOf).filter((input) => input !== undefined);
}
