// The rollouts of one step, graded while others are still sampled. Order is that of the batch, never that of finishing,
// so that nothing here depends on the clock.

import { type Prompt, type RolloutGroup, sampleGroups } from "../rollouts/rollout.js";
import { mixedBatch, nextCursor } from "./batch.js";
import { type GradedGroup, type GradedRollout, gradeRollout, type Judge, judgingOnce } from "./grade.js";
import type { Reporter } from "./reporter.js";
import type { Session } from "./session.js";

/** A batch of prompts, sampled. */
interface Round {
  readonly groups: readonly RolloutGroup[];
  /** The same groups. */
  readonly graded: Promise<readonly GradedGroup[]>;
}

interface Rollouts {
  /** Code prompts taken so far in the run, with these. */
  readonly cursor: number;
  readonly rounds: readonly Round[];
}

/**
 * Samples a step's prompts with the policy as it is now. Grading may still go on when the last token is drawn.
 *
 * @param from.cursor  code prompts taken before
 */
export async function rollOut(
  session: Session,
  from: { readonly step: number; readonly cursor: number },
  report: Reporter,
): Promise<Rollouts> {
  const { config, problems, pool, dialect, judge } = session;
  const prompts = mixedBatch(problems, pool, config, dialect, from);
  const round = await sampleRound(session, prompts, judgingOnce(judge), from.step, report);
  return { cursor: nextCursor(from.cursor, prompts), rounds: [round] };
}

async function sampleRound(
  { config, engine, dialect, clock, gradeAlignment }: Session,
  prompts: readonly Prompt[],
  judge: Judge,
  step: number,
  report: Reporter,
): Promise<Round> {
  const grades = prompts.map((): Array<Promise<GradedRollout>> => []);
  const groups = await clock.time("sample", () =>
    sampleGroups(engine, prompts, config.rollouts, [config.seed, "rollouts", step], {
      tokens: (count) => report.tokens(step, count),
      finished: (group, index, rollout) => {
        const grade = clock.time("judge", () =>
          gradeRollout(rollout, prompts[group], dialect, judge, gradeAlignment, config.reward),
        );
        // Where sampling fails first, nobody waits for it.
        grade.catch(() => {});
        grades[group][index] = grade;
      },
    }),
  );
  const graded = Promise.all(groups.map(async (group, i) => ({ ...group, rollouts: await Promise.all(grades[i]) })));
  graded.catch(() => {});
  return { groups, graded };
}
