// What everything that one client opens shares: the way to the server, what it said of itself, counters and limits.

import type { ServerFlags } from "./client.js";
import type { SampleDispatch } from "./dispatch.js";
import type { BatchEncoding } from "./encoding.js";
import type { Gate } from "./gate.js";
import type { Link } from "./submission.js";

export interface Session {
  readonly id: string;
  readonly link: Link;
  readonly flags: ServerFlags;
  readonly encoding: BatchEncoding;
  /** Of batches that are written and not yet taken. */
  readonly batchBytes: Gate;
  readonly dispatch: SampleDispatch;
  /** The next number of each kind, from 0. */
  nextModel(): number;
  nextSampler(): number;
}
