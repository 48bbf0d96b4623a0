// The body of a request that a server of ours is sent: whole, and no longer than allowed. What it means is the server's.

import type { IncomingMessage } from "node:http";
import { RequestError } from "./request-error.js";

/** @throws RequestError 413 for what is too long, 415 for what is compressed */
export function readIncoming(incoming: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const { headers } = incoming;
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    const message = `content-encoding "${encoding.slice(0, 40)}": this server takes bodies as they are`;
    return Promise.reject(new RequestError(415, message));
  }
  const tooLong = (): RequestError => new RequestError(413, `the body is longer than ${limitBytes / 2 ** 20} MiB`);
  if (Number(headers["content-length"] ?? 0) > limitBytes) return Promise.reject(tooLong());
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    // Not `for await`, which costs as much again as the rest of a small request.
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      chunks.push(chunk);
      if (length <= limitBytes) return;
      incoming.off("data", take);
      chunks.length = 0;
      incoming.resume();
      reject(tooLong());
    };
    incoming.on("data", take);
    incoming.on("end", () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
    incoming.on("error", reject);
    incoming.on("close", () => {
      if (!incoming.readableEnded) reject(new RequestError(408, "the connection was closed before the body's end"));
    });
  });
}
