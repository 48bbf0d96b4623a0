// One forward_backward: cut into chunks, submitted in order, and its results put together again.

import { combineOutputs, decodeOutput } from "../protocol/forward-backward.js";
import { ProtocolError } from "../protocol/protocol-error.js";
import type { ForwardBackwardOutput, ForwardBackwardRequest, WireDatum } from "../protocol/records.js";
import { readAnswer } from "./answers.js";
import { type Chunk, chunksOf } from "./chunks.js";
import { type Pending, resultOf } from "./futures.js";
import type { CallOrder } from "./order.js";
import type { Session } from "./session.js";

/** What all chunks of a batch have in common. */
export type BatchHead = Omit<ForwardBackwardRequest, "sequenceId" | "datums">;

/** @throws TinkerError, TinkerLostError */
export async function passBatch(
  session: Session,
  order: CallOrder,
  head: BatchHead,
  datums: readonly WireDatum[],
): Promise<ForwardBackwardOutput> {
  if (datums.length === 0) return { outputs: [], metrics: {} };
  const { link, flags } = session;
  const operation = { name: head.forwardOnly ? "forward" : "forward_backward" };
  const chunks = chunksOf(datums, { datums: flags.chunkDatums, bytes: flags.chunkBytes });
  const submitted = await order.submit(chunks.length, (first) => submitAll(session, head, chunks, first));
  const results = submitted.map(async (pending, at) => {
    const reply = await resultOf(link, operation, pending);
    const expected = chunks[at].datums.length;
    const output = readAnswer(link, operation, reply, ({ body, contentType }) => {
      const decoded = decodeOutput(body, contentType);
      const found = decoded.outputs.length;
      if (found !== expected) throw new ProtocolError("loss_fn_outputs", `${found} outputs of ${expected} datums`);
      return decoded;
    });
    return { output, datums: expected };
  });
  return combineOutputs(await Promise.all(results));
}

/** Returns once all chunks are acknowledged, whichever way; throws what the first of them threw. */
async function submitAll(
  session: Session,
  head: BatchHead,
  chunks: readonly Chunk[],
  first: number,
): Promise<readonly Pending[]> {
  const submit = (chunk: Chunk, at: number): Promise<Pending> => submitOne(session, head, chunk, first + at);
  const taken: Pending[] = [];
  // One after the other where the server wishes it, and until it is known how it is to be written.
  for (const [at, chunk] of chunks.entries()) {
    if (session.flags.parallelChunks && session.encoding.isSettled) break;
    taken.push(await submit(chunk, at));
  }
  const rest = chunks.slice(taken.length).map((chunk, at) => submit(chunk, taken.length + at));
  await Promise.allSettled(rest);
  return [...taken, ...(await Promise.all(rest))];
}

async function submitOne(session: Session, head: BatchHead, chunk: Chunk, sequenceId: number): Promise<Pending> {
  const { link, encoding, batchBytes } = session;
  const operation = { name: head.forwardOnly ? "forward" : "forward_backward" };
  const leave = await batchBytes.enter(chunk.bytes, link.closed);
  try {
    return await encoding.begin(link, operation, { ...head, sequenceId, datums: chunk.datums });
  } finally {
    leave();
  }
}
