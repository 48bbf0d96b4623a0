// The loop. One call for each stage of the method (CodeRL+, arXiv 2510.18471): a mixed batch of coding problems and
// alignment examples, rollouts, verdicts and rewards, failed programs recycled into alignment examples, advantages,
// update. Everything it calls is written elsewhere; nothing else here decides what training is.

import { algorithms } from "../algorithms/algorithm.js";
import { recycle } from "../alignment/recycle.js";
import { sampleGroups } from "../rollouts/rollout.js";
import type { RunInfo } from "../runs/records.js";
import { mixedBatch } from "./batch.js";
import { advantagesOf, gradeGroups } from "./grade.js";
import type { Reporter } from "./reporter.js";
import type { Session } from "./session.js";
import { Clock, candidatesOf, rolloutRecords, stepMetrics } from "./step.js";
import { updatePolicy } from "./update.js";

/**
 * Trains until the config's last step, or until `signal` asks to stop after the step under way.
 *
 * @returns the run's status: a stopped run resumes where it left off
 */
export async function trainLoop(session: Session, report: Reporter, signal?: AbortSignal): Promise<RunInfo["status"]> {
  const { config, engine, dialect, judge, pool, problems, run, tools, position } = session;
  const { seed, alignment } = config;
  const algorithm = algorithms[config.algorithm];

  await session.evaluate(position.step, report);
  while (position.step < config.train.steps && !signal?.aborted) {
    const step = position.step + 1;
    const clock = new Clock();
    const collecting = step <= alignment.collectSteps;
    const shares = { prompts: config.rollouts.prompts, alignmentShare: collecting ? 0 : alignment.share };

    const prompts = mixedBatch(problems, pool, shares, dialect, { seed, step, cursor: position.cursor });
    const groups = await clock.time("sample", () =>
      sampleGroups(engine, prompts, config.rollouts, [seed, "rollouts", step], (tokens) => report.tokens(step, tokens)),
    );
    const graded = await clock.time("judge", () => gradeGroups(groups, dialect, judge, config.reward));
    const advantages = advantagesOf(graded, algorithm.advantages);

    const { examples, funnel } = await clock.time("recycle", () =>
      recycle(candidatesOf(graded), session.recycling, pool, tools, step, seed),
    );
    pool.add(examples);

    const update = collecting
      ? {}
      : await clock.time("update", () => updatePolicy(engine, graded, advantages, config, step));

    position.step = step;
    position.cursor += prompts.filter(({ task }) => task.kind === "code").length;
    const metrics = stepMetrics({ step, graded, funnel, pool, update, clock });
    run.writeRollouts(step, rolloutRecords(step, graded, advantages));
    run.appendMetrics(metrics);
    report.step(metrics);

    const ending = step === config.train.steps || (signal?.aborted ?? false);
    if (ending || step % config.train.checkpointEvery === 0) await session.checkpoint();
    if (config.evaluation.every !== null && step % config.evaluation.every === 0) await session.evaluate(step, report);
  }
  if (position.step < config.train.steps) return "stopped";
  await session.evaluate(position.step, report);
  return "finished";
}
