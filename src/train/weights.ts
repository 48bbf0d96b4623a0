// Weights that are there already, opened to be asked: a model folder here, a checkpoint whose weights lie with a server,
// or a model that a server has. What a path means is not decided here (cli/weights-at.ts).

import { join } from "node:path";
import { sha256 } from "../core/files.js";
import { openEmbedded } from "../engines/embedded/embedded.js";
import type { EmbeddedOptions } from "../engines/embedded/options.js";
import type { Engine } from "../engines/engine.js";
import { type RemoteCheckpoint, remoteCheckpointIn } from "../engines/tinker/engine/checkpoint.js";
import type { TinkerConfig } from "./config/engine.js";
import { readConfigFile, resolveConfig } from "./config/resolve.js";
import type { Config } from "./config/schema.js";
import { openEngine } from "./engine.js";
import { weightsHash } from "./hashes.js";

export interface StoredWeights {
  /** A folder; or `tinker:` and what a server calls the model. */
  readonly model: string;
  /** The run that they are a checkpoint of: it knows the server and the tokenizer. */
  readonly run: string | null;
}

export const SERVERS = "tinker:";

/** Whether they lie with a server. */
export function isRemote(model: string): boolean {
  return model.startsWith(SERVERS) || remoteCheckpointIn(model) !== null;
}

/** What tells these weights from others. @throws UsageError where a folder holds none */
export function weightsIdentity(model: string): string {
  return model.startsWith(SERVERS) ? sha256(model) : weightsHash(model);
}

export interface AskedOptions extends Pick<EmbeddedOptions, "threads"> {
  /** As engine.tokenizer, in the place of what the run or the model's name says; only of weights with a server. */
  readonly tokenizer?: string | undefined;
  readonly onNotice: (message: string) => void;
}

/** @throws UsageError, EngineError where they cannot be had */
export async function openWeights(
  weights: StoredWeights,
  { tokenizer, onNotice, ...embedded }: AskedOptions,
): Promise<Engine> {
  if (!isRemote(weights.model)) return openEmbedded({ model: weights.model, ...embedded });
  const { policy, ...config } = remoteConfig(weights, tokenizer === undefined ? {} : { tokenizer });
  // Nothing is asked of a reference here, whatever the run asks.
  const { engine } = await openEngine({ ...config, policy: { ...policy, klCoefficient: 0 } }, onNotice);
  return engine;
}

function remoteConfig({ model, run }: StoredWeights, settings: object): Config {
  const checkpoint = remoteCheckpointIn(model);
  if (run !== null) {
    const path = join(run, "config.yaml");
    const { engine, ...rest } = readConfigFile(path) as { readonly engine: TinkerConfig };
    const baseUrl = engine.baseUrl ?? (checkpoint && addressOf(checkpoint));
    return resolveConfig({ ...rest, engine: { ...engine, model, baseUrl, ...settings } }, path);
  }
  const named = checkpoint
    ? { model, baseUrl: addressOf(checkpoint), lora: checkpoint.lora && { rank: checkpoint.lora.rank } }
    : { model: model.slice(SERVERS.length) };
  return resolveConfig({ engine: { kind: "tinker", ...named, ...settings } }, model);
}

/** Where weights lie: null where the environment says it. */
export function addressOf({ baseUrl }: RemoteCheckpoint): string | null {
  return process.env.TINKER_BASE_URL ? null : baseUrl;
}
