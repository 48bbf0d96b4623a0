// The loop. One call for each stage of the method (CodeRL+, arXiv 2510.18471): a mixed batch of coding problems and
// alignment examples, rollouts, verdicts and rewards, failed programs recycled into alignment examples, advantages,
// update. Everything it calls is written elsewhere; nothing else here decides what training is.

import type { RunInfo } from "../runs/records.js";
import { advantagesOf } from "./advantages.js";
import { isCollecting, isEvaluationDue } from "./batch.js";
import { isCheckpointDue } from "./checkpoint.js";
import { newExamples } from "./examples.js";
import type { Reporter } from "./reporter.js";
import { rescore } from "./rescore.js";
import { rollOut } from "./roll-out.js";
import type { Session } from "./session.js";
import { shaped } from "./shaping.js";
import { rolloutRecords, stepMetrics } from "./step.js";
import { notUpdated, updatePolicy } from "./update.js";

/**
 * Trains until the config's last step, or until `signal` asks to stop after the step under way.
 *
 * @returns the run's status: a stopped run resumes where it left off
 */
export async function trainLoop(session: Session, report: Reporter, signal?: AbortSignal): Promise<RunInfo["status"]> {
  const { config, engine, pool, position, clock, recorder } = session;

  if (isEvaluationDue(position.step, config)) await session.evaluate(position.step, report);
  while (position.step < config.train.steps && !signal?.aborted) {
    const step = position.step + 1;
    clock.begin();

    const { cursor, rounds } = await rollOut(session, { step, cursor: position.cursor }, report);
    const graded = shaped((await Promise.all(rounds.map((round) => round.graded))).flat(), config);
    const rescored = await clock.time("update", () => rescore(engine, graded, config));
    const advantages = advantagesOf(rescored, config);

    const [update, { examples, funnel }] = await Promise.all([
      isCollecting(
        graded.map(({ prompt }) => prompt),
        config,
        step,
      )
        ? notUpdated
        : clock.time("update", () => updatePolicy(engine, rescored, advantages, config, step)),
      clock.time("recycle", () => newExamples(session, graded, step)),
    ]);
    pool.add(examples);

    position.step = step;
    position.cursor = cursor;
    const metrics = stepMetrics({ step, graded, funnel, pool, update, clock });
    await recorder.add(metrics, () => rolloutRecords(step, graded, advantages));
    report.step(metrics);

    if (isCheckpointDue(step, config)) await session.checkpoint();
    if (isEvaluationDue(step, config)) await session.evaluate(step, report);
  }
  await session.checkpoint();
  return position.step < config.train.steps ? "stopped" : "finished";
}
