// The engine that a config names, opened: here, or over the protocol of a server elsewhere.

import { UsageError } from "../core/errors.js";
import { openEmbedded } from "../engines/embedded/embedded.js";
import type { Engine } from "../engines/engine.js";
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
  if (engine.kind === "tinker") {
    await openTokenizer(engine, onNotice);
    throw new UsageError("engine.kind is tinker, which this version reads but cannot open yet");
  }
  const opened = await openEmbedded(engineOptions(engine, config));
  return { engine: opened, device: opened.device };
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
