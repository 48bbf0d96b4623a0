// Evaluations that several trainings of a study share: the same weights on the same problems, asked the same way, give
// the same answers, so they are asked once. What is shared is told by content, never by name: of a server's weights
// nothing is known but their name, so none of theirs are shared.

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readText, sha256, sha256OfFile, writeAtomic } from "../../core/files.js";
import { bundled } from "../../problems/bundled.js";
import type { EvaluationRecord, EvaluationSample } from "../../runs/records.js";
import type { RunDirectory } from "../../runs/run-directory.js";
import { packageVersion } from "../../runs/versions.js";
import type { Config } from "../config/schema.js";
import { dataHashes, weightsHash } from "../hashes.js";

const BENCHMARK = "family";

export interface SharedEvaluations {
  /** Puts the evaluation of the config's starting model into a run that has none, where it was made before. */
  give(run: RunDirectory, config: Config): void;
  /** Keeps the run's first evaluation, and its last as that of the model it made. */
  keep(run: RunDirectory, config: Config): void;
}

export function sharedEvaluations(folder: string): SharedEvaluations {
  const fileOf = (config: Config, weights: string): string => join(folder, `${keyOf(config, weights)}.json`);
  const keep = (run: RunDirectory, step: number, config: Config, model: string): void => {
    const record = run.readEvaluation(BENCHMARK, step);
    const file = record && fileOf(config, model);
    if (!file || existsSync(file)) return;
    writeAtomic(file, `${JSON.stringify({ record, samples: run.readEvaluationSamples(BENCHMARK, step) })}\n`);
  };
  return {
    give: (run, config) => {
      if (config.engine.kind === "tinker") return;
      const file = fileOf(config, bundled(config.engine.model, "model"));
      if (!existsSync(file) || run.readEvaluation(BENCHMARK, 0)) return;
      const kept = readKept(file);
      if (kept) run.writeEvaluation({ ...kept.record, step: 0 }, kept.samples);
    },
    keep: (run, config) => {
      if (config.engine.kind === "tinker") return;
      const { steps } = config.train;
      keep(run, 0, config, bundled(config.engine.model, "model"));
      if (steps > 0) keep(run, steps, config, run.checkpointPath(steps));
    },
  };
}

/** null where the file is damaged: the evaluation is then made again. */
function readKept(
  file: string,
): { readonly record: EvaluationRecord; readonly samples: readonly EvaluationSample[] } | null {
  try {
    return JSON.parse(readText(file)) as { record: EvaluationRecord; samples: EvaluationSample[] };
  } catch {
    rmSync(file);
    return null;
  }
}

/** Everything that an evaluation's numbers depend on. */
function keyOf(config: Config, model: string): string {
  const { engine, evaluation, judge, prompts, rollouts, sandbox } = config;
  const words = ["tokenizer.json", "tokenizer_config.json"]
    .map((name) => join(model, name))
    .map((path) => (existsSync(path) ? sha256OfFile(path) : null));
  const parts = [
    packageVersion(),
    weightsHash(model),
    words,
    dataHashes(config)["evaluation"],
    evaluation.problems,
    judge.mode,
    prompts.dialect,
    rollouts.maximumTokens,
    sandbox.engine,
    engine.kind === "embedded" && engine.device,
    engine.lora,
  ];
  return sha256(JSON.stringify(parts)).slice(0, 24);
}
