// How a traced run ended, in words.

import type { TraceDetail } from "../../src/dashboard/api/rollouts.js";

export interface EndingWords {
  readonly text: string;
  readonly look: "good" | "bad" | "warn";
}

const LIMITS: Readonly<Record<string, string>> = {
  "timed-out": "ran out of time",
  "out-of-memory": "ran out of memory",
  "output-limit": "printed more than is allowed",
  denied: "tried what the sandbox does not allow",
  crashed: "broke off",
  unparsable: "does not parse",
};

export function endingOf({ status, message }: Pick<TraceDetail, "status" | "message">): EndingWords {
  const said = message === "" ? "" : `: ${message}`;
  if (status === "ok") return { text: "ended normally", look: "good" };
  if (status === "exit") return { text: `exited${said}`, look: "warn" };
  if (status.startsWith("error:")) return { text: `raised ${status.slice("error:".length)}${said}`, look: "bad" };
  return { text: `${LIMITS[status] ?? status}${said}`, look: "bad" };
}
