// What is said of a run that failed: what happened, which checkpoint is good, and how to go on.

import { DivergenceError, EngineError, messageOf, RunError, SamplingError, StorageError } from "../core/errors.js";
import { TinkerError } from "../engines/tinker/client/errors.js";
import type { RunDirectory } from "../runs/run-directory.js";
import type { Config } from "./config/schema.js";

/** What a divergence suggests to divide the learning rate by. */
const GENTLER = 4;

/** A RunError where the engine, the disk, a guard or dynamic sampling failed; any other error as it is. */
export function failureOf(error: unknown, run: RunDirectory, config: Config): unknown {
  if (!(error instanceof StorageError || error instanceof EngineError || error instanceof SamplingError)) return error;
  const step = run.readMetrics().at(-1)?.step ?? 0;
  const last = run.checkpointSteps().at(-1);
  const checkpoint = last === undefined ? null : run.checkpointPath(last);
  const lines = [
    `${run.path}: failed after ${step} whole step${step === 1 ? "" : "s"}: ${messageOf(error)}`,
    `  last good checkpoint: ${checkpoint ?? "none was written yet"}`,
    `  ${wayOut(error, run, config, checkpoint)}`,
  ];
  return new RunError(lines.join("\n"), { cause: error });
}

function wayOut(error: Error, { path }: RunDirectory, config: Config, checkpoint: string | null): string {
  const resume = `coderlplus train --run ${path} --resume`;
  if (error instanceof StorageError) return `once it can be written: ${resume}`;
  const fromThere = checkpoint ? " from there" : "";
  const another = (setting: string): string =>
    `coderlplus train ${path}/config.yaml --set ${setting}${checkpoint ? ` --set engine.model=${checkpoint}` : ""}`;
  if (error instanceof SamplingError) {
    const batches = 2 * (config.rollouts.dynamicSampling?.maximumBatches ?? 1);
    return (
      `to go on with more batches: ${resume} --set rollouts.dynamicSampling.maximumBatches=${batches}\n` +
      `  another run${fromThere}: ${another("KEY=VALUE")}`
    );
  }
  const server = serverFailure(error);
  if (server) return `${REMEDIES[server.kind] ?? "once that is put right"}: ${resume}`;
  if (!(error instanceof DivergenceError)) return `to try again from there: ${resume}`;
  // Resuming would repeat it, number by number.
  return `a gentler run${fromThere}: ${another(`optimizer.learningRate=${config.optimizer.learningRate / GENTLER}`)}`;
}

/** What a server said no to, where that is what happened. */
export function serverFailure(error: unknown): TinkerError | null {
  if (error instanceof TinkerError) return error;
  return error instanceof EngineError && error.cause instanceof TinkerError ? error.cause : null;
}

/** Of what goes wrong between here and a server: none of it is the run's own fault. */
const REMEDIES: Readonly<Partial<Record<TinkerError["kind"], string>>> = {
  key: "with a key in TINKER_API_KEY that the server takes",
  billing: "once the account is paid",
  away: "once the server answers",
  failed: "once the server can again",
};
