// Which encoding a batch is sent in. A server that does not know the binary one says so to the first batch, in one of
// several ways; what JSON then does better is kept.

import { encodeForwardBackward } from "../protocol/forward-backward.js";
import type { ForwardBackwardRequest } from "../protocol/records.js";
import type { Wire } from "../protocol/wire.js";
import { begin, pendingOf } from "./answers.js";
import type { Pending } from "./futures.js";
import { isSuccess, type Link, type Operation, submit } from "./submission.js";
import type { Call, Reply } from "./transport.js";

/** Of a body that cannot be read; 404 where a proxy knows no such content. */
const UNREADABLE = [400, 415, 422, 500, 501];

export class BatchEncoding {
  #wire: Wire | null;

  constructor(wire: Wire | "auto") {
    this.#wire = wire === "auto" ? null : wire;
  }

  /** Whether the server has taken a batch in one of them. */
  get isSettled(): boolean {
    return this.#wire !== null;
  }

  /** Submits one chunk. @throws TinkerError, TinkerLostError */
  async begin(link: Link, operation: Operation, request: ForwardBackwardRequest): Promise<Pending> {
    const type = request.forwardOnly ? "Forward" : "ForwardBackward";
    if (this.#wire !== null) return begin(link, operation, callOf(request, this.#wire), type);
    const probe = { ...operation, accepts: ({ status }: Reply) => UNREADABLE.includes(status) };
    const startMs = link.transport.clock.nowMs();
    const refusals: Reply[] = [];
    for (const wire of ["protobuf", "json"] as const) {
      const reply = await submit(link, probe, callOf(request, wire));
      if (isSuccess(reply)) {
        this.#wire = wire;
        if (wire === "json") {
          link.notices.say(
            `${link.transport.url}: takes batches in JSON only (status ${refusals[0].status} to protobuf)`,
          );
        }
        return pendingOf(link, operation, reply, type, startMs);
      }
      refusals.push(reply);
    }
    // The fault is in what is asked, not in how it is written: whichever encoding the server reads says what it is.
    return begin(link, operation, callOf(request, isUnread(refusals[0]) ? "json" : "protobuf"), type);
  }
}

function callOf(request: ForwardBackwardRequest, wire: Wire): Call {
  // In JSON, values alone are an endpoint of their own.
  const path = wire === "json" && request.forwardOnly ? "forward" : "forward_backward";
  return { method: "POST", path, encoded: encodeForwardBackward(request, wire) };
}

function isUnread({ status, says }: Reply): boolean {
  return status === 415 || /\b(json|dictionary|decode|parse|utf-8|content.type)\b/i.test(says);
}
