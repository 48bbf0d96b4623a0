// What a server keeps: listed, described, deleted.

import { UsageError } from "../../../core/errors.js";
import { checkpointsResponse, weightsInfoResponse } from "../protocol/messages.js";
import { ask } from "./answers.js";
import type { CheckpointInfo, TinkerClient } from "./client.js";
import { type Link, submit } from "./submission.js";

export interface CheckpointPath {
  readonly runId: string;
  /** As in the path, and in the server's addresses. */
  readonly kind: "weights" | "sampler_weights";
  readonly name: string;
}

/** `tinker://run/weights/name`, `tinker://run/sampler_weights/name`; SkyRL's samplers are `tinker://run/name`. */
export function parsePath(path: string): CheckpointPath {
  const match = /^tinker:\/\/([^/]+)\/(?:(weights|sampler_weights)\/)?([^/]+)$/.exec(path);
  if (!match) {
    throw new UsageError(
      `${path}: expected a checkpoint such as tinker://RUN/weights/NAME or tinker://RUN/sampler_weights/NAME`,
    );
  }
  const [, runId, kind, name] = match;
  return { runId, kind: kind === "weights" ? "weights" : "sampler_weights", name };
}

export async function listCheckpoints(link: Link, runId: string): Promise<readonly CheckpointInfo[]> {
  const call = { method: "GET", path: `training_runs/${encodeURIComponent(runId)}/checkpoints` } as const;
  const { checkpoints } = await ask(link, { name: "list of checkpoints" }, call, checkpointsResponse);
  return checkpoints
    .filter(({ checkpoint_type: type }) => type === "training" || type === "sampler")
    .map((one) => ({
      id: one.checkpoint_id,
      kind: one.checkpoint_type as CheckpointInfo["kind"],
      path: one.tinker_path,
      time: one.time,
      bytes: one.size_bytes ?? null,
    }));
}

export async function deleteCheckpoint(link: Link, path: string): Promise<void> {
  const { runId, kind, name } = parsePath(path);
  const where = `training_runs/${encodeURIComponent(runId)}/checkpoints/${kind}/${encodeURIComponent(name)}`;
  // Deleted by an attempt that was not answered is deleted.
  const accepts = ({ status }: { readonly status: number }, unanswered: boolean): boolean =>
    unanswered && status === 404;
  await submit(link, { name: `deletion of ${path}`, accepts }, { method: "DELETE", path: where });
}

export async function weightsInfo(link: Link, path: string): ReturnType<TinkerClient["weightsInfo"]> {
  const call = { method: "POST", path: "weights_info", body: { tinker_path: path } } as const;
  const info = await ask(link, { name: `description of ${path}` }, call, weightsInfoResponse);
  return { baseModel: info.base_model, isLora: info.is_lora, loraRank: info.lora_rank ?? null };
}
