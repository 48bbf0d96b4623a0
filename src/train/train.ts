// The loop. One call for each stage of the method (CodeRL+, arXiv 2510.18471): a mixed batch of coding problems and
// alignment examples, rollouts, verdicts and rewards, failed programs recycled into alignment examples, advantages,
// update. Everything it calls is written elsewhere; nothing else here decides what training is.

import { algorithms } from "../algorithms/algorithm.js";
import { recycle } from "../alignment/recycle.js";
import { sampleGroups } from "../rollouts/rollout.js";
import type { RunInfo } from "../runs/records.js";
import { advantagesOf } from "./advantages.js";
import { isCollecting, isEvaluationDue, mixedBatch, nextCursor } from "./batch.js";
import { isCheckpointDue } from "./checkpoint.js";
import { gradeGroups } from "./grade.js";
import type { Reporter } from "./reporter.js";
import type { Session } from "./session.js";
import { Clock, candidatesOf, rolloutRecords, stepMetrics } from "./step.js";
import { notUpdated, updatePolicy } from "./update.js";

/**
 * Trains until the config's last step, or until `signal` asks to stop after the step under way.
 *
 * @returns the run's status: a stopped run resumes where it left off
 */
export async function trainLoop(session: Session, report: Reporter, signal?: AbortSignal): Promise<RunInfo["status"]> {
  const { config, engine, dialect, judge, pool, problems, run, tools, position } = session;
  const { seed } = config;
  const { advantages: advantagesIn } = algorithms[config.algorithm];

  if (isEvaluationDue(position.step, config)) await session.evaluate(position.step, report);
  while (position.step < config.train.steps && !signal?.aborted) {
    const step = position.step + 1;
    const clock = new Clock();

    const prompts = mixedBatch(problems, pool, config, dialect, { step, cursor: position.cursor });
    const groups = await clock.time("sample", () =>
      sampleGroups(engine, prompts, config.rollouts, [seed, "rollouts", step], (tokens) => report.tokens(step, tokens)),
    );
    const graded = await clock.time("judge", () => gradeGroups(groups, dialect, judge, config.reward));
    const advantages = advantagesOf(graded, advantagesIn);

    const { examples, funnel } = await clock.time("recycle", () =>
      recycle(candidatesOf(graded), session.recycling, pool, tools, step, seed),
    );
    pool.add(examples);

    const update = isCollecting(prompts, config, step)
      ? notUpdated
      : await clock.time("update", () => updatePolicy(engine, graded, advantages, config, step));

    position.step = step;
    position.cursor = nextCursor(position.cursor, prompts);
    const metrics = stepMetrics({ step, graded, funnel, pool, update, clock, runSeconds: session.seconds() });
    run.writeRollouts(step, rolloutRecords(step, graded, advantages));
    run.appendMetrics(metrics);
    report.step(metrics);

    if (isCheckpointDue(step, config)) await session.checkpoint();
    if (isEvaluationDue(step, config)) await session.evaluate(step, report);
  }
  await session.checkpoint();
  return position.step < config.train.steps ? "stopped" : "finished";
}
