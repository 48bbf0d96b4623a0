// The rollouts of one step, graded while others are still sampled. Order is that of the batch, never that of finishing,
// so that nothing here depends on the clock.

import { Rng } from "../core/rng.js";
import { type Prompt, type RolloutGroup, sampleGroups } from "../rollouts/rollout.js";
import { alignmentPrompts, codePrompts, isCollecting, mixedBatch, nextCursor } from "./batch.js";
import type { Config } from "./config/schema.js";
import { type GradedGroup, type GradedRollout, gradeRollout, gradingOf, type Judge, judgingOnce } from "./grade.js";
import { type GradedRounds, givingUp, promptsToDraw, splitGroups } from "./refill.js";
import type { Reporter } from "./reporter.js";
import type { Session } from "./session.js";

/** What was sampled for a step. */
export interface Sampled {
  readonly step: number;
  /** Code prompts taken so far in the run, with these. */
  readonly cursor: number;
  /** The mixed batch, and under dynamic sampling the batches drawn in place of groups that cannot teach. */
  readonly rounds: ReadonlyArray<readonly RolloutGroup[]>;
}

export interface Rollouts extends Sampled {
  /** The same rounds; may still be under way. */
  readonly graded: Promise<GradedRounds>;
}

/** A step's rollouts with their rewards. */
export interface Batch {
  /** What the step learns from: code first. */
  readonly learnt: readonly GradedGroup[];
  /** Sampled and graded, but not learnt from: dynamic sampling replaced them, or needed no more. */
  readonly left: readonly GradedGroup[];
  /** Whether the step only collects programs. */
  readonly isCollected: boolean;
  readonly rounds: number;
}

/**
 * Samples a step's prompts with the policy as it is now. Grading may still go on when the last token is drawn.
 *
 * @param from.cursor  code prompts taken before
 * @throws SamplingError where dynamic sampling gives up
 */
export async function rollOut(
  session: Session,
  from: { readonly step: number; readonly cursor: number },
  report: Reporter,
): Promise<Rollouts> {
  const { config, problems, pool, dialect } = session;
  const { step } = from;
  const judge = judgingOnce(session.judge);
  const rounds: RolloutGroup[][] = [];
  const graded: Array<Promise<readonly GradedGroup[]>> = [];
  let { cursor } = from;
  let prompts = mixedBatch(problems, pool, config, dialect, from);
  const isRefilled = config.rollouts.dynamicSampling !== null && !isCollecting(prompts, config, step);
  do {
    const round = await sampleRound(session, prompts, judge, [step, rounds.length], report);
    rounds.push(round.groups);
    graded.push(round.graded);
    cursor = nextCursor(cursor, prompts);
    prompts = isRefilled ? freshPrompts(session, await Promise.all(graded), { step, cursor }) : [];
  } while (prompts.length > 0);
  return { step, cursor, rounds, graded: Promise.all(graded) };
}

/**
 * The next step's rollouts, where the policy that samples is a step behind the one that is trained; null elsewhere and
 * after the last step.
 *
 * @returns when the next update may begin: an engine that samples while it updates goes on with `rollouts`
 */
export async function rollOutAhead(
  session: Session,
  { step, cursor }: Rollouts,
  report: Reporter,
): Promise<{ readonly rollouts: Promise<Rollouts> | null }> {
  const { config, engine } = session;
  if (config.rollouts.stepsBehind === 0 || step >= config.train.steps) return { rollouts: null };
  const rollouts = rollOut(session, { step: step + 1, cursor }, report);
  // Where the update fails first, nobody waits for it.
  rollouts.catch(() => {});
  if (!engine.capabilities.concurrent || config.rollouts.dynamicSampling !== null) await rollouts;
  return { rollouts };
}

/** Rollouts that were sampled before the run was interrupted. */
export function gradeAgain(session: Session, sampled: Sampled): Rollouts {
  const judge = judgingOnce(session.judge);
  const rounds = sampled.rounds.map((groups) => {
    const grades = groups.map(({ prompt, rollouts }) =>
      rollouts.map((rollout) => grade(session, prompt, rollout, judge)),
    );
    return gradedGroups(groups, grades);
  });
  return { ...sampled, graded: Promise.all(rounds) };
}

/** @param step  of a run, and which of its rounds */
async function sampleRound(
  session: Session,
  prompts: readonly Prompt[],
  judge: Judge,
  [step, round]: readonly [step: number, round: number],
  report: Reporter,
): Promise<{ readonly groups: RolloutGroup[]; readonly graded: Promise<readonly GradedGroup[]> }> {
  const { config, engine, clock } = session;
  const seed = [config.seed, "rollouts", step, ...(round === 0 ? [] : [round])];
  const grades = prompts.map((): Array<Promise<GradedRollout>> => []);
  const groups = await clock.time("sample", () =>
    sampleGroups(engine, prompts, config.rollouts, seed, {
      tokens: (count) => report.tokens(step, count),
      finished: (group, index, rollout) => {
        grades[group][index] = grade(session, prompts[group], rollout, judge);
      },
    }),
  );
  return { groups, graded: gradedGroups(groups, grades) };
}

function grade(
  session: Session,
  prompt: Prompt,
  rollout: RolloutGroup["rollouts"][number],
  judge: Judge,
): Promise<GradedRollout> {
  const { clock, config } = session;
  const graded = clock.time("judge", () => gradeRollout(rollout, prompt, { ...session, judge }, gradingOf(config)));
  // Where sampling fails first, nobody waits for it.
  graded.catch(() => {});
  return graded;
}

function gradedGroups(
  groups: readonly RolloutGroup[],
  grades: ReadonlyArray<ReadonlyArray<Promise<GradedRollout>>>,
): Promise<readonly GradedGroup[]> {
  const graded = Promise.all(groups.map(async (group, i) => ({ ...group, rollouts: await Promise.all(grades[i]) })));
  graded.catch(() => {});
  return graded;
}

/**
 * Prompts in place of groups that cannot teach. No example is asked twice in a step; where the pool has no others, the
 * step goes on with fewer.
 */
function freshPrompts(
  { config, problems, pool, dialect }: Session,
  rounds: GradedRounds,
  { step, cursor }: { readonly step: number; readonly cursor: number },
): Prompt[] {
  const { code, alignment } = promptsToDraw(rounds);
  const asked = new Set(
    rounds.flat().flatMap(({ prompt }) => (prompt.task.kind === "alignment" ? [prompt.task.example] : [])),
  );
  const examples = pool.draw(alignment, step, Rng.of(config.seed, "pool", step, rounds.length), asked);
  const prompts = [...codePrompts(problems, dialect, config.seed, cursor, code), ...alignmentPrompts(examples)];
  const mayDraw = rounds.length < (config.rollouts.dynamicSampling?.maximumBatches ?? 1);
  if (prompts.length === 0 ? splitGroups(rounds).learnt.length === 0 : !mayDraw) throw givingUp(rounds, step);
  return prompts;
}

/** The step's rollouts once all are graded. */
export async function batchOf({ step, graded }: Rollouts, config: Config): Promise<Batch> {
  const rounds = await graded;
  const prompts = rounds[0].map(({ prompt }) => prompt);
  const isCollected = isCollecting(prompts, config, step);
  const isRefilled = config.rollouts.dynamicSampling !== null && !isCollected;
  const split = isRefilled ? splitGroups(rounds) : { learnt: rounds.flat(), left: [] };
  return { ...split, isCollected, rounds: rounds.length };
}
