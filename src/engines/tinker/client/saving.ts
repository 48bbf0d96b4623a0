// Saving a model. A server may have taken a request whose acknowledgement was lost; asked again, one that does not know
// repetitions says that the name exists, which is then good news.

import { z } from "zod";
import { saveWeightsForSamplerResponse, saveWeightsResponse } from "../protocol/messages.js";
import { finish, pendingOf } from "./answers.js";
import { listCheckpoints } from "./checkpoints.js";
import type { Pending } from "./futures.js";
import { failureOf, isSuccess, type Link, type Operation, submit } from "./submission.js";
import type { Reply } from "./transport.js";

export interface Save {
  readonly kind: "training" | "sampler";
  readonly modelId: string;
  readonly name: string;
}

/** Taken, and either to be waited for, or taken by an attempt that was not answered. */
export type BegunSave = { readonly kind: "pending"; readonly pending: Pending } | { readonly kind: "unanswered" };

const endpoints = { training: "save_weights", sampler: "save_weights_for_sampler" } as const;
const types = { training: "SaveWeights", sampler: "SaveWeightsForSampler" } as const;
const results = {
  training: saveWeightsResponse,
  sampler: saveWeightsForSamplerResponse.extend({ path: z.string().min(1) }),
} as const;

/** @param isNew  whether this model has not saved under this name before */
export async function beginSave(link: Link, save: Save, seq_id: number, isNew: boolean): Promise<BegunSave> {
  const operation = {
    name: endpoints[save.kind],
    accepts: (reply: Reply, unanswered: boolean) => isNew && unanswered && isTaken(reply),
  };
  const body = { model_id: save.modelId, path: save.name, seq_id, type: endpoints[save.kind] };
  const startMs = link.transport.clock.nowMs();
  const reply = await submit(link, operation, { method: "POST", path: endpoints[save.kind], body });
  if (!isSuccess(reply)) return { kind: "unanswered" };
  return { kind: "pending", pending: pendingOf(link, operation, reply, types[save.kind], startMs) };
}

/** @returns the path of what was saved */
export async function finishSave(link: Link, save: Save, begun: BegunSave): Promise<string> {
  const operation = { name: endpoints[save.kind] };
  if (begun.kind === "unanswered") return listedPath(link, operation, save);
  return (await finish(link, operation, begun.pending, results[save.kind])).path;
}

const LOOK_AGAIN_MS = 1000;

/** Waits until the checkpoint is among those of its model. */
async function listedPath(link: Link, operation: Operation, save: Save): Promise<string> {
  const { clock } = link.transport;
  for (const startMs = clock.nowMs(); ; await clock.pause(LOOK_AGAIN_MS, link.closed)) {
    const listed = await listCheckpoints(link, save.modelId);
    const found = listed.find(({ kind, id }) => kind === save.kind && id.split("/").at(-1) === save.name);
    if (found) return found.path;
    const waitedMs = clock.nowMs() - startMs;
    if (waitedMs > link.patienceMs) {
      const words = { status: 409, says: `${save.name} was begun, and is not among the checkpoints`, requestId: null };
      throw failureOf(link, operation, words, "away", waitedMs);
    }
  }
}

/** A sampler without a name: the number of its session names it, so a repetition takes another. */
export async function beginSampler(
  link: Link,
  modelId: string,
  seq_id: number,
  nextSampler: () => number,
): Promise<Pending> {
  const operation = {
    name: endpoints.sampler,
    accepts: (reply: Reply, unanswered: boolean) => unanswered && isTaken(reply),
  };
  for (;;) {
    const body = { model_id: modelId, sampling_session_seq_id: nextSampler(), seq_id, type: endpoints.sampler };
    const startMs = link.transport.clock.nowMs();
    const reply = await submit(link, operation, { method: "POST", path: endpoints.sampler, body });
    if (isSuccess(reply)) return pendingOf(link, operation, reply, types.sampler, startMs);
  }
}

function isTaken({ status, says }: Reply): boolean {
  return status === 409 && /\b(already exists|exists already)\b/i.test(says);
}
