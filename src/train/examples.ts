// A run's alignment examples: where they come from (the step's own code rollouts, or reference programs for a step to
// come), with what tools they are made, and how their answers are graded. How an example is made is alignment/'s business.

import type { BuildTools } from "../alignment/build.js";
import type { AlignmentExample, Funnel } from "../alignment/example.js";
import { type ExampleGrading, gradeExample } from "../alignment/grade-example.js";
import { outputOf } from "../alignment/output.js";
import { type RecycleOptions, recycle } from "../alignment/recycle.js";
import { fromReferences } from "../alignment/references.js";
import { promptsAt, shareAt } from "../alignment/share.js";
import { DataError } from "../core/errors.js";
import type { Problems } from "../problems/problem-set.js";
import type { Dialect } from "../prompts/dialect.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { trace } from "../tracer/tracer.js";
import type { Config } from "./config/schema.js";
import type { GradeAlignment, GradedGroup } from "./grade.js";
import type { Session } from "./session.js";
import { candidatesOf } from "./step.js";

/** Where examples are made: in a run, or for a trainer elsewhere. */
interface Workshop {
  readonly config: Pick<Config, "alignment" | "reward">;
  readonly sandbox: Sandbox;
  readonly dialect: Dialect;
  readonly problems: Problems;
}

/** What examples are made with. */
export function alignmentTools(
  { config, sandbox, dialect }: Workshop,
  countTokens: BuildTools["countTokens"],
): BuildTools {
  const { determinismCheck } = config.alignment;
  return {
    dialect,
    countTokens,
    trace: (program, input, { limits, preamble, files, language }, history) =>
      trace(sandbox, program, input, { limits, preamble, files, language, determinismCheck, history }),
  };
}

/** How the answers to them are graded. */
export function alignmentGrader({ config, dialect, problems }: Workshop, tools: BuildTools): GradeAlignment {
  const grading: ExampleGrading = {
    mode: config.reward.alignment,
    sequencesAsArrays: dialect.sequencesAsArrays,
    outputOn: async ({ program, problem: id }, input) => {
      const problem = problems.find(id);
      return problem && outputOf(await tools.trace(program, input, problem), input);
    },
  };
  return (example, completion) => gradeExample(example, completion, grading);
}

/** What the config says of how a step's programs become examples. */
export function recyclingOf({ alignment, prompts }: Pick<Config, "alignment" | "prompts">): RecycleOptions {
  return { ...alignment, maximumPromptTokens: prompts.maximumTokens };
}

/** Whether a verdict has to say how many tests a failed program passes. */
export function needsAllTests({ reward, alignment }: Pick<Config, "reward" | "alignment">): boolean {
  return reward.code === "fractionOfTests" || alignment.passedTests !== "any";
}

type Made = { readonly examples: AlignmentExample[]; readonly funnel: Funnel };

/** The examples that this step adds to the pool; moves the session's position among the references. */
export async function newExamples(session: Session, graded: readonly GradedGroup[], step: number): Promise<Made> {
  const { config, recycling, pool, tools } = session;
  if (recycling.source === "references") return referencesFor(session, step + 1 + config.rollouts.stepsBehind, step);
  return recycle(candidatesOf(graded), recycling, pool, tools, step, config.seed);
}

/** @throws DataError where no problem has what the config asks for */
export function checkReferences({ alignment, data }: Config, references: Problems): void {
  if (alignment.source === "references" && references.size === 0) {
    throw new DataError(
      `${data.train}: no problem has a reference program and a test with an input, which alignment.source: references asks for; take another source`,
    );
  }
}

/** Fills the pool of a new run with what its first steps ask for, where no rollout is needed for that. */
export async function firstExamples(session: Session): Promise<void> {
  const { config, position, pool } = session;
  if (config.alignment.source !== "references" || position.step > 0) return;
  for (let step = 1; step <= 1 + config.rollouts.stepsBehind; step++) {
    const { examples } = await referencesFor(session, step, 0);
    pool.add(examples);
  }
}

/** As many as the step's share of the batch. */
async function referencesFor(session: Session, step: number, now: number): Promise<Made> {
  const { config, references, recycling, pool, tools, position } = session;
  const count = promptsAt(config.rollouts.prompts, shareAt(step, config.alignment));
  const place = { step: now, taken: position.references, seed: config.seed };
  const { taken, ...made } = await fromReferences(references, count, recycling, pool, tools, place);
  position.references = taken;
  return made;
}
