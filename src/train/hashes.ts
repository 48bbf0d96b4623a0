// What a run stands on, as hashes: the data, and the weights it begins from.

import { sha256, sha256OfFile } from "../core/files.js";
import { weightFiles } from "../engines/embedded/model/shards.js";
import type { RunInfo } from "../runs/records.js";
import { bundled } from "./bundled.js";
import type { Config } from "./config/schema.js";
import { tokenizerHash } from "./tokenizer.js";

export function dataHashes({ data, engine, supervised }: Config): RunInfo["dataHashes"] {
  return {
    train: sha256OfFile(supervised ? supervised.data : bundled(data.train, "train")),
    evaluation: sha256OfFile(bundled(data.evaluation, "held-out")),
    model: startHash(engine),
  };
}

/** Of a server's weights nothing is known here but their name. */
function startHash(engine: Config["engine"]): string {
  if (engine.kind === "embedded") return weightsHash(bundled(engine.model, "model"));
  return sha256(`${engine.model}\n${tokenizerHash(engine)}`);
}

/** Of a model folder's weights alone. @throws UsageError where it holds none */
export function weightsHash(folder: string): string {
  const hashes = weightFiles(folder).map(sha256OfFile);
  return hashes.length === 1 ? hashes[0] : sha256(hashes.join());
}
