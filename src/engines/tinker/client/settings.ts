// What a server says of itself before anything else is asked of it.

import type { z } from "zod";
import { fit } from "../protocol/json.js";
import { clientConfigResponse } from "../protocol/messages.js";
import { readJson } from "./answers.js";
import type { ServerFlags } from "./client.js";
import { isSuccess, type Link, submit } from "./submission.js";

export type Settings = z.output<typeof clientConfigResponse>;

/** The protocol's level that this client speaks, which servers know by the official client's version. */
export const PROTOCOL_LEVEL = "0.25.0";

/** A server without the endpoint has the protocol's defaults. @throws TinkerError */
export async function readSettings(link: Link): Promise<Settings> {
  const operation = { name: "client config", accepts: ({ status }: { readonly status: number }) => status === 404 };
  const call = { method: "POST", path: "client/config", body: { sdk_version: PROTOCOL_LEVEL } } as const;
  const reply = await submit(link, operation, call);
  return isSuccess(reply)
    ? readJson(link, operation, reply, clientConfigResponse)
    : fit(clientConfigResponse, {}, "defaults");
}

export function flagsOf(settings: Settings): ServerFlags {
  return {
    chunkDatums: settings.fwdbwd_max_chunk_len,
    chunkBytes: settings.fwdbwd_max_chunk_bytes_count,
    samplesInFlight: settings.sample_max_concurrent_requests,
    parallelChunks: settings.parallel_fwdbwd_chunks,
    compress: settings.proto_compress_fwdbwd,
    jwt: settings.pjwt_auth_enabled,
    coderlplus: settings.coderlplus ?? null,
  };
}
