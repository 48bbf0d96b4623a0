// What a run stands on, as hashes: the data, and the weights it begins from.

import { sha256, sha256OfFile } from "../core/files.js";
import { weightFiles } from "../engines/embedded/model/shards.js";
import { remoteCheckpointIn } from "../engines/tinker/engine/checkpoint.js";
import { bundled } from "../problems/bundled.js";
import type { RunInfo } from "../runs/records.js";
import type { TinkerConfig } from "./config/engine.js";
import type { Config } from "./config/schema.js";
import { tokenizerHash } from "./tokenizer.js";

export function dataHashes({ data, engine, supervised }: Config): RunInfo["dataHashes"] {
  return {
    train: sha256OfFile(supervised ? supervised.data : bundled(data.train, "train")),
    evaluation: sha256OfFile(bundled(data.evaluation, "held-out")),
    model: startHash(engine),
  };
}

function startHash(engine: Config["engine"]): string {
  return engine.kind === "embedded" ? weightsHash(bundled(engine.model, "model")) : remoteHash(engine);
}

/** Of a server's weights nothing is known here but their name, or that of their checkpoint. */
function remoteHash(engine: Pick<TinkerConfig, "model" | "tokenizer">): string {
  const model = remoteCheckpointIn(engine.model)?.path ?? engine.model;
  return sha256(`${model}\n${tokenizerHash(engine)}`);
}

/** Of a model folder's weights alone, or of where they lie. @throws UsageError where it holds none */
export function weightsHash(folder: string): string {
  const remote = remoteCheckpointIn(folder);
  if (remote) return sha256(remote.path);
  const hashes = weightFiles(folder).map(sha256OfFile);
  return hashes.length === 1 ? hashes[0] : sha256(hashes.join());
}
