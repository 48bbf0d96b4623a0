// The loop. One call for each stage of the method (CodeRL+, arXiv 2510.18471): a mixed batch of coding problems and
// alignment examples, rollouts, verdicts and rewards, failed programs recycled into alignment examples, advantages,
// update. Everything it calls is written elsewhere; nothing else here decides what training is.

import type { RunInfo } from "../runs/records.js";
import { advantagesOf } from "./advantages.js";
import { isEvaluationDue } from "./batch.js";
import { isCheckpointDue } from "./checkpoint.js";
import { newExamples } from "./examples.js";
import { orCheckpoint } from "./given-up.js";
import type { Reporter } from "./reporter.js";
import { rescore } from "./rescore.js";
import { batchOf, gradeAgain, rollOut, rollOutAhead } from "./roll-out.js";
import type { Session } from "./session.js";
import { poolWatch } from "./share-notice.js";
import { rolloutRecords, stepMetrics } from "./step.js";
import { TokenLog, tokenRecords } from "./token-records.js";
import { notUpdated, updatePolicy } from "./update.js";

/**
 * Trains until the config's last step, or until `signal` asks to stop after the step under way.
 *
 * @returns the run's status: a stopped run resumes where it left off
 */
export async function trainLoop(session: Session, report: Reporter, signal?: AbortSignal): Promise<RunInfo["status"]> {
  const { config, engine, pool, position, clock, recorder } = session;

  const watch = poolWatch(config);
  let ahead = session.pending && gradeAgain(session, session.pending);
  if (isEvaluationDue(position.step, config)) await session.evaluate(position.step, report);
  while (session.goesOn(signal)) {
    const step = position.step + 1;
    clock.begin();

    const from = { step, cursor: position.cursor };
    const rollouts = ahead ?? (await orCheckpoint(session, null, () => rollOut(session, from, report)));
    const next = await orCheckpoint(session, rollouts, () => rollOutAhead(session, rollouts, report));
    const batch = await batchOf(rollouts, config);
    const rescored = await clock.time("update", () => rescore(engine, batch.learnt, config, !batch.isCollected));
    const advantages = advantagesOf(rescored, config);
    const log = new TokenLog();

    const [update, { examples, funnel }] = await Promise.all([
      batch.isCollected
        ? notUpdated
        : clock.time("update", () => updatePolicy(engine, rescored, advantages, config, step, log)),
      clock.time("recycle", () => newExamples(session, [...batch.learnt, ...batch.left], step)),
    ]);
    pool.add(examples);

    position.step = step;
    position.cursor = rollouts.cursor;
    ahead = await next.rollouts;
    const metrics = stepMetrics({ step, batch, funnel, pool, update, clock });
    await recorder.add({
      metrics,
      rollouts: () => rolloutRecords(step, batch, advantages),
      tokens: config.rollouts.recordTokens ? () => tokenRecords(engine.model.tokenizer, batch, log) : null,
    });
    report.step(metrics);
    const unfilled = watch(metrics);
    if (unfilled !== null) report.notice(unfilled);

    if (isCheckpointDue(step, config)) await session.checkpoint(ahead);
    if (isEvaluationDue(step, config)) await session.evaluate(step, report);
  }
  await session.checkpoint(ahead);
  return position.step < config.train.steps ? "stopped" : "finished";
}
