// What a program's text alone says of its variables: nothing is executed.

import { defaultLimits, type Problem } from "../problems/problem.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { instrument } from "./javascript/instrument.js";

export interface Inspection {
  /** Every variable the text assigns, in source order of its last assignment. */
  readonly variables: readonly string[];
  /** Parameters that their function never assigns again. */
  readonly parameters: readonly string[];
}

/** null where the program does not parse. */
export async function inspect(
  sandbox: Sandbox,
  program: string,
  language: Problem["language"] = "python",
): Promise<Inspection | null> {
  if (language === "javascript") return instrument(program)?.facts ?? null;
  const { ending, reply } = await sandbox.lease((room) =>
    room.run({ request: { op: "inspect", source: program, preamble: "" }, stdin: "", limits: defaultLimits }),
  );
  if (ending.kind !== "finished" || !Array.isArray(reply?.["variables"])) return null;
  return { variables: names(reply["variables"]), parameters: names(reply["parameters"]) };
}

function names(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
