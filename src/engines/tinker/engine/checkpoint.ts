// What a folder holds of a model elsewhere: where its weights lie, and what they fit. The weights themselves stay with the
// server.

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { EngineError } from "../../../core/errors.js";
import { readText, writeAtomic } from "../../../core/files.js";
import type { TinkerEngineOptions } from "./options.js";

const checkpointSchema = z.object({
  version: z.literal(1),
  baseUrl: z.string(),
  model: z.string(),
  lora: z
    .object({
      rank: z.number(),
      seed: z.number(),
      trainMlp: z.boolean(),
      trainAttention: z.boolean(),
      trainUnembed: z.boolean(),
    })
    .nullable(),
  /** As the server calls it. */
  path: z.string().min(1),
  optimizer: z.boolean(),
});
export type RemoteCheckpoint = z.infer<typeof checkpointSchema>;

const fileOf = (folder: string): string => join(folder, "tinker.json");

/** A name that no other checkpoint has, of characters that every server takes. */
export function checkpointName(folder: string): string {
  const readable = basename(folder)
    .replace(/[^a-zA-Z0-9_-]+/g, "-")
    .slice(0, 100);
  return `${readable}-${randomBytes(8).toString("hex")}`;
}

/** Whole or not at all. */
export function writeRemoteCheckpoint(folder: string, checkpoint: Omit<RemoteCheckpoint, "version">): void {
  mkdirSync(folder, { recursive: true });
  writeAtomic(fileOf(folder), `${JSON.stringify({ version: 1, ...checkpoint }, null, 2)}\n`);
}

/** What the folder holds of a model elsewhere, whichever that is; null where it holds no such thing. */
export function remoteCheckpointIn(folder: string): RemoteCheckpoint | null {
  return existsSync(fileOf(folder)) ? parse(fileOf(folder)) : null;
}

/** @throws UsageError, EngineError where there is none, or one of another model */
export function readRemoteCheckpoint(
  folder: string,
  { model, lora }: Pick<TinkerEngineOptions, "model" | "lora">,
): RemoteCheckpoint {
  const path = fileOf(folder);
  const found = parse(path);
  if (found.model !== model) throw new EngineError(`${path}: is a checkpoint of ${found.model}, not of ${model}`);
  if (JSON.stringify(found.lora) !== JSON.stringify(checkpointSchema.shape.lora.parse(lora))) {
    throw new EngineError(
      `${path}: its adapters (${loraText(found.lora)}) are not those of engine.lora (${loraText(lora)})`,
    );
  }
  return found;
}

function parse(path: string): RemoteCheckpoint {
  const text = readText(path);
  try {
    return checkpointSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new EngineError(`${path}: expected {"version": 1, "baseUrl", "model", "lora", "path", "optimizer"}`, {
      cause: error,
    });
  }
}

function loraText(lora: RemoteCheckpoint["lora"]): string {
  return lora === null ? "null: all weights" : `rank ${lora.rank}, seed ${lora.seed}`;
}

/** Without what may be secret in it. */
export function publicUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
