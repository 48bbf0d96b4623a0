// A look at a server of the Tinker protocol, as short as that can be: whether it answers, and what it has. Nothing is
// trained, and nothing stays.

import { openTinker } from "../engines/tinker/client/open.js";

/** Of a server that is there but slow; a run is more patient, once it has begun. */
const PATIENCE_MS = 10_000;

export interface ServerLook {
  readonly url: string;
  readonly models: ReadonlyArray<{ readonly name: string; readonly contextLength: number | null }>;
}

/**
 * @param baseUrl  null: TINKER_BASE_URL, else the hosted service
 * @throws UsageError, EngineError saying why not
 */
export async function lookAtServer(baseUrl: string | null): Promise<ServerLook> {
  const client = await openTinker({ ...(baseUrl !== null && { baseUrl }), patienceMs: PATIENCE_MS });
  try {
    const { models } = await client.capabilities();
    return { url: client.baseUrl, models };
  } finally {
    await client.close();
  }
}
