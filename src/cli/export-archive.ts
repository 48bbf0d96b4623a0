// `coderlplus export` of a checkpoint whose weights lie with a server: the archive as the server packs it.

import { statSync } from "node:fs";
import { UsageError } from "../core/errors.js";
import { ensureWritable } from "../core/files.js";
import { sizeText } from "../core/sizes.js";
import type { RemoteCheckpoint } from "../engines/tinker/engine/checkpoint.js";
import { downloadWeights } from "../engines/tinker/engine/export.js";
import { addressOf } from "../train/weights.js";
import type { ExportFlags } from "./export.js";

/**
 * @param of  which checkpoint of a run it is, for people
 * @returns what was written, as a line or as JSON
 */
export async function exportArchive(
  checkpoint: RemoteCheckpoint,
  { out, json, adapter, type }: ExportFlags,
  of: string,
): Promise<string> {
  const { model, lora, baseUrl, path } = checkpoint;
  if (!out.endsWith(".tar.gz")) {
    throw new UsageError(
      `these weights lie with ${baseUrl}, which packs them itself: name an archive, as in --out ${out}.tar.gz`,
    );
  }
  if (adapter !== undefined || type !== "f32") {
    throw new UsageError("weights that lie with a server come as it stores them: leave out --adapter and --type");
  }
  ensureWritable(out);
  const onNotice = (notice: string): void => void process.stderr.write(`${notice}\n`);
  await downloadWeights(checkpoint, { baseUrl: addressOf(checkpoint), file: out, onNotice });
  const bytes = statSync(out).size;
  if (json) return `${JSON.stringify({ out, model, lora, path, bytes })}\n`;
  const what = lora === null ? "all weights" : `adapters of rank ${lora.rank}`;
  return `${out}: ${what} of ${model}, as the server packs them, ${sizeText(bytes)}${of}\n`;
}
