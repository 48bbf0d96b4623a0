// The warm-start corpus: endless items from the problem family, half programs, half final values. Loss falls on
// answers only. Nothing of a held-out composition ever enters. It uses the evaluator, never the sandbox: tens of
// thousands of items are needed, and a test holds the evaluator to a real Python.

import type { Rng } from "../../core/rng.js";
import { exampleOf } from "../../problems/examples.js";
import { problemOf } from "../../problems/family/family.js";
import { STYLES, type Style } from "../../problems/family/operations.js";
import { body, type Step, starterCode } from "../../problems/family/program.js";
import { type Evaluation, evaluate } from "../../problems/family/python/evaluate.js";
import { drawTask, isSmall, type Subset, type Task, VAGUE_RATE } from "../../problems/family/task.js";
import { renderAlignment, renderAnswer } from "../../prompts/alignment.js";
import { confuse, type DirtRates } from "./confusions.js";

interface Segment {
  readonly text: string;
  /** Whether its tokens carry loss. */
  readonly trained: boolean;
}

export interface CorpusItem {
  readonly task: "code" | "alignment";
  /** Tokenised one by one; the text ends with the end-of-text token, which carries loss. */
  readonly segments: readonly Segment[];
}

export interface CorpusOptions {
  readonly subset: Subset;
  /** Probability of an alignment item. */
  readonly alignment: number;
  /** Probability that a step is worded vaguely. */
  readonly vague: number;
  /** Probability that a step is written in another than its short style. */
  readonly unusual: number;
  /** null: a clean corpus. */
  readonly dirt: DirtRates | null;
}

export const CLEAN_CORPUS: CorpusOptions = {
  subset: "core",
  alignment: 0.4,
  vague: VAGUE_RATE,
  unusual: 0.35,
  dirt: null,
};

/** Items without end; the same for the same generator state and options. */
export function* warmStartItems(rng: Rng, options: CorpusOptions = CLEAN_CORPUS): Generator<CorpusItem, never> {
  for (;;) yield warmStartItem(rng, options);
}

function warmStartItem(rng: Rng, options: CorpusOptions): CorpusItem {
  const task = drawTask(rng, { split: "train", subset: options.subset, vague: options.vague });
  const styles = task.steps.map(() => drawStyle(rng, options));
  const written = options.dirt ? confuse(rng, task.steps, options.dirt) : task.steps;
  const wantsAlignment = rng.uniform() < options.alignment;
  return (wantsAlignment ? alignmentItem(task, styles, written) : undefined) ?? codeItem(task, styles, written);
}

function drawStyle(rng: Rng, { unusual, subset }: CorpusOptions): Style {
  if (rng.uniform() >= unusual) return "short";
  return subset === "core" ? "loop" : rng.pick(STYLES.slice(1));
}

/** The specification is given; outputs of the examples, then the program, are to be learned. */
function codeItem(task: Task, styles: readonly Style[], written: readonly Step[]): CorpusItem {
  const { tests } = problemOf(task, "family/corpus");
  const segments: Segment[] = [{ text: `# ${task.specification}`, trained: false }];
  for (const test of tests.filter(({ visible }) => visible)) {
    const example = exampleOf(test);
    if (!example) continue;
    segments.push({ text: `\n${example.question}`, trained: false }, { text: example.answer, trained: true });
  }
  segments.push(
    { text: `\n${starterCode(task.form, task.steps[0].operation.from)}`, trained: true },
    { text: body(written, styles, task.form), trained: true },
  );
  return { task: "code", segments };
}

/** The program and input are given; the values are those of what was `written` in the program's place. */
function alignmentItem(task: Task, styles: readonly Style[], written: readonly Step[]): CorpusItem | undefined {
  const { input } = task.examples[task.examples.length - 1];
  const starter = starterCode(task.form, task.steps[0].operation.from);
  const program = starter + body(task.steps, styles, task.form);
  const truth = evaluate(program, input);
  const asked = lastAssigned(truth);
  if (!isSmall(truth) || asked.length === 0) return undefined;
  const confused = written === task.steps ? truth : evaluate(starter + body(written, styles, task.form), input);
  const usable = isSmall(confused) && lastAssigned(confused).join() === asked.join();
  const { variables, returned, stdout } = usable ? confused : truth;
  const answer = Object.fromEntries(asked.map((name) => [name, variables[name]]));
  return {
    task: "alignment",
    segments: [
      { text: renderAlignment(program, input, asked, true), trained: false },
      { text: renderAnswer(answer, input.kind === "call" ? returned : stdout), trained: true },
    ],
  };
}

const MAX_ASKED = 3;

/** The variables that reinforcement asks by default: those assigned last in the source, no untouched parameters. */
function lastAssigned({ variables, parameters }: Evaluation): string[] {
  return Object.keys(variables)
    .filter((name) => !parameters.includes(name))
    .slice(-MAX_ASKED);
}
