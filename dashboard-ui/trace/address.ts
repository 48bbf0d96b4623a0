// What the trace view shows, as the address says it: whose program, on which input, at which moment.

import type { TraceInput, TraceRequest } from "../../src/dashboard/api/rollouts.js";
import type { Parameters } from "../route.js";

/** Null where the address names no rollout. */
export function readRequest(parameters: URLSearchParams): TraceRequest | null {
  const run = parameters.get("run") ?? "";
  const [step, group, sample] = ["step", "group", "sample"].map((name) => countIn(parameters.get(name)));
  if (run === "" || step === null || group === null || sample === null) return null;
  return { run, step, group, sample, input: readInput(parameters) };
}

function readInput(parameters: URLSearchParams): TraceInput {
  const stdin = parameters.get("stdin") ?? "";
  const test = countIn(parameters.get("test"));
  switch (parameters.get("input")) {
    case "test":
      return { kind: "test", test: test ?? 0 };
    case "stdin":
      return { kind: "stdin", stdin };
    case "expression":
      return { kind: "expression", expression: parameters.get("expression") ?? "", stdin };
    default:
      return { kind: "own" };
  }
}

/** @param at  null leaves the moment to the view */
export function writeRequest({ input, ...place }: TraceRequest, at: number | null): Parameters {
  const { kind, ...fields } = input;
  return { ...place, ...(kind === "own" ? {} : { input: kind, ...fields }), at };
}

/** The moment; null where none is named. */
export function readMoment(parameters: URLSearchParams): number | null {
  return countIn(parameters.get("at"));
}

function countIn(text: string | null | undefined): number | null {
  return text !== null && text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null;
}
