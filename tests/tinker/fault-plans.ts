// Which faults happen to which requests: those that a client of the protocol has to survive, drawn at random from a seed
// and the request alone, or all of them in turn. How a fault happens is in faulty-proxy.ts.

import { Rng } from "../../src/core/rng.js";
import type { Fault, Plan } from "./faulty-proxy.js";

/** What no call may be hit by more often, so that it is not given up. */
const MOST_PER_CALL = 3;

/**
 * Random faults of all kinds that leave the result as it is, once the client has done what the protocol says.
 *
 * @param share  of requests that are hit
 */
export function randomly(seed: string, share: number): Plan {
  const hits = new Map<string, number>();
  return ({ key, name, attempt }) => {
    const rng = Rng.of(seed, key, attempt);
    const before = hits.get(key) ?? 0;
    if (rng.uniform() >= share || before >= MOST_PER_CALL) return null;
    hits.set(key, before + 1);
    return rng.pick(survivable(name));
  };
}

/** The first time that any of these calls is made. */
export function firstOf(isHit: (name: string) => boolean, fault: Fault): Plan {
  return ({ name, attempt }) => (attempt === 0 && isHit(name) ? fault : null);
}

/** The server's own settings with chunks of two datums, so that few are many; every other request as `plan` says. */
export function smallChunks(plan: Plan = () => null): Plan {
  const alter = ({ body }: { readonly body: Buffer }): { body: string } => ({
    body: JSON.stringify({ ...(JSON.parse(body.toString("utf8")) as object), fwdbwd_max_chunk_len: 2 }),
  });
  return (passing) => (passing.path.endsWith("/client/config") ? { kind: "altered", alter } : plan(passing));
}

const TYPE = { "content-type": "application/json" } as const;

/** With and without the server having done what it was asked. */
function answers(...statuses: readonly number[]): Fault[] {
  return statuses.flatMap((status) =>
    [false, true].map((reaches) => ({
      kind: "answer",
      status,
      headers: TYPE,
      body: JSON.stringify({ detail: `${status}, says the proxy` }),
      reaches,
    })),
  );
}

/** By a queue that has no room, or a result that is not there yet. */
function tryAgain(status: number): Fault {
  const body = JSON.stringify({ type: "try_again", request_id: "any", queue_state: "paused_capacity" });
  return { kind: "answer", status, headers: TYPE, body };
}

/** By something between client and server that has not understood the request. */
const bareRefusal: Fault = { kind: "answer", status: 400, headers: { "content-length": "0" } };

const everywhere: readonly Fault[] = [
  { kind: "drop", when: "before" },
  { kind: "drop", when: "after" },
  { kind: "drop", when: "midway" },
  { kind: "answer", status: 429 },
  { kind: "answer", status: 429, headers: { "retry-after": "0" } },
  { kind: "answer", status: 429, headers: { "retry-after-ms": "20" } },
  ...answers(402, 500, 502, 503),
  bareRefusal,
  { kind: "twice" },
  { kind: "late", what: "request", ms: 30 },
  { kind: "late", what: "answer", ms: 30 },
];

const ofPolls: readonly Fault[] = [...everywhere, tryAgain(200), tryAgain(408)];
const ofSampling: readonly Fault[] = [...ofPolls, { kind: "answer", status: 410 }];
const ofCalls: readonly Fault[] = [...everywhere, ...answers(408, 409)];

/** What may happen to a call of this name. */
export function survivable(name: string): readonly Fault[] {
  if (name === "poll asample") return ofSampling;
  return name.startsWith("poll ") ? ofPolls : ofCalls;
}
