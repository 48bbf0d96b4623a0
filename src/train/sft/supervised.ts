// Supervised training on demonstrations: warm start and distillation. A step is one update from one batch: the mean
// cross-entropy of the answers' tokens and of the token that ends each. It rewards nothing, samples nothing, and keeps
// the run as reinforcement does, so that whatever reads one reads the other.

import { sum } from "../../core/maths.js";
import type { Datum, Engine, LossOutput } from "../../engines/engine.js";
import type { StepMetrics } from "../../runs/metrics.js";
import type { RunInfo } from "../../runs/records.js";
import { isEvaluationDue } from "../batch.js";
import { isCheckpointDue } from "../checkpoint.js";
import type { Config } from "../config/schema.js";
import { makeUpdate } from "../make-update.js";
import type { Reporter } from "../reporter.js";
import { learningRateAt } from "../schedule.js";
import type { Session } from "../session.js";
import type { Sequence } from "./demonstration.js";
import type { Demonstrations } from "./demonstrations.js";

/**
 * Trains until the config's last step, or until `signal` asks to stop after the step under way.
 *
 * @returns the run's status: a stopped run resumes where it left off
 */
export async function supervisedLoop(
  session: Session,
  demonstrations: Demonstrations,
  batch: number,
  report: Reporter,
  signal?: AbortSignal,
): Promise<RunInfo["status"]> {
  const { config, engine, run, position } = session;
  if (isEvaluationDue(position.step, config)) await session.evaluate(position.step, report);
  while (session.goesOn(signal)) {
    const step = position.step + 1;
    const started = performance.now();
    const sequences = demonstrations.batch(position.cursor, batch);
    const update = await learn(engine, sequences, config, step);
    position.step = step;
    position.cursor += batch;
    const seconds = (performance.now() - started) / 1000;
    const metrics: StepMetrics = {
      step,
      ...update,
      "supervised/epoch": position.cursor / demonstrations.size,
      "time/step_seconds": seconds,
      "time/run_seconds": session.clock.runSeconds(),
      "time/tokens_per_second": (update["supervised/tokens"] ?? 0) / seconds,
      "memory/rss_bytes": process.memoryUsage.rss(),
    };
    run.appendMetrics(metrics);
    report.step(metrics);
    if (isCheckpointDue(step, config)) await session.checkpoint();
    if (isEvaluationDue(step, config)) await session.evaluate(step, report);
  }
  await session.checkpoint();
  return position.step < config.train.steps ? "stopped" : "finished";
}

/** Epochs become steps: the run's length is known before it begins. */
export function withSteps(config: Config, demonstrations: number): Config {
  const { supervised, train, optimizer } = config;
  if (!supervised || supervised.epochs === null) return config;
  const steps = Math.ceil((supervised.epochs * demonstrations) / supervised.batch);
  // Few demonstrations are learnt in few steps, of which some have to be left for the schedule.
  const warmUpSteps = Math.min(optimizer.warmUpSteps, steps - 1);
  return {
    ...config,
    supervised: { ...supervised, epochs: null },
    train: { ...train, steps },
    optimizer: { ...optimizer, warmUpSteps },
  };
}

/** One update from a batch. @returns the metrics of it */
export async function learn(
  engine: Engine,
  sequences: readonly Sequence[],
  config: Config,
  step: number,
): Promise<Omit<StepMetrics, "step">> {
  const learningRate = learningRateAt(step, config);
  const { optimizer, guards } = config;
  const { output, gradientNorm } = await makeUpdate(
    engine,
    supervisedDatums(sequences),
    { kind: "cross-entropy" },
    { step, optimizer: { ...optimizer, learningRate }, guards },
  );
  const tokens = sum(sequences.map(({ answer }) => answer.length));
  return {
    "supervised/loss": output.loss,
    "supervised/tokens": tokens + sum(sequences.map(({ prompt }) => prompt.length)),
    "policy/entropy": meanEntropy(output, tokens),
    "policy/gradient_norm": gradientNorm,
    "policy/learning_rate": learningRate,
    "policy/updates": 1,
    "tokens/trained": tokens,
  };
}

/** One datum a demonstration; the weights make the plain sum a mean over the batch's answer tokens. */
export function supervisedDatums(sequences: readonly Sequence[]): Datum[] {
  const tokens = sum(sequences.map(({ answer }) => answer.length));
  return sequences.map(({ prompt, answer }) => ({
    prompt,
    completion: answer,
    weights: new Float32Array(answer.length).fill(1 / tokens),
  }));
}

function meanEntropy({ entropies }: LossOutput, tokens: number): number | null {
  return entropies && sum(entropies.map(sum)) / tokens;
}
