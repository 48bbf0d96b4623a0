// The engine that a config names, opened: here, or over the protocol of a server elsewhere.

import { UsageError } from "../core/errors.js";
import { openEmbedded } from "../engines/embedded/embedded.js";
import type { Engine } from "../engines/engine.js";
import { type RemoteCheckpoint, remoteCheckpointIn } from "../engines/tinker/engine/checkpoint.js";
import { openTinkerEngine } from "../engines/tinker/engine/engine.js";
import type { TinkerConfig } from "./config/engine.js";
import type { Config } from "./config/schema.js";
import { engineOptions } from "./estimate.js";
import { checkMemory } from "./fit.js";
import { openTokenizer } from "./tokenizer.js";

interface Opened {
  readonly engine: Engine;
  /** What computes. */
  readonly device: string;
}

/** @throws UsageError where it is too large for this machine or cannot be had; EngineError */
export async function openEngine(config: Config, onNotice: (message: string) => void): Promise<Opened> {
  const { engine } = config;
  checkMemory(config);
  if (engine.kind === "tinker") return { engine: await openRemote(engine, config, onNotice), device: deviceOf(engine) };
  const opened = await openEmbedded(engineOptions(engine, config));
  return { engine: opened, device: opened.device };
}

/** Its weights are those of the model's name, or of the checkpoint of an earlier run. */
async function openRemote(
  config: TinkerConfig,
  { seed, policy }: Config,
  onNotice: (message: string) => void,
): Promise<Engine> {
  const { kind: _, patienceMinutes, ...engine } = config;
  const start = remoteCheckpointIn(engine.model);
  if (start) checkStart(start, engine, policy);
  const opened = await openTinkerEngine({
    ...engine,
    model: start?.model ?? engine.model,
    tokenizer: await openTokenizer(engine, onNotice),
    lora: start ? start.lora : engine.lora && { ...engine.lora, seed },
    reference: policy.klCoefficient > 0,
    patienceMs: patienceMinutes * 60_000,
    onNotice,
  });
  if (!start) return opened;
  try {
    await opened.load(engine.model, { optimizer: false });
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

function checkStart(
  { lora }: RemoteCheckpoint,
  engine: Pick<TinkerConfig, "model" | "lora">,
  { klCoefficient }: Config["policy"],
): void {
  if (lora?.rank !== engine.lora?.rank) {
    throw new UsageError(
      `engine.model is ${engine.model}, a checkpoint of ${lora ? `adapters of rank ${lora.rank}` : "all weights"}; set engine.lora${lora ? `.rank=${lora.rank}` : "=null"}`,
    );
  }
  if (klCoefficient > 0) {
    throw new UsageError(
      `policy.klCoefficient is ${klCoefficient}, but engine.model is a checkpoint: the reference that a server has is the model before any training; set it to 0`,
    );
  }
}

/** What will compute, where the engine is not open to be asked. */
export function deviceOf(engine: Config["engine"]): string {
  if (engine.kind === "embedded") return engine.device;
  const url = engine.baseUrl ?? process.env.TINKER_BASE_URL;
  return `tinker: ${url ? hostOf(url) : "the hosted service"}`;
}

/** Of an address of the environment, which may hold what no run is to keep. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "an address that is none";
}
