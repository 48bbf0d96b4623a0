// What an interpreter's guest says at the end of a run: bytes that a program may have forged, read as a claim.
// Which engine they came from is not known here; what the claim is worth is the judge's business.

import { parseJson } from "../core/json.js";
import { type Ending, type Execution, fieldsOf, isExitCode, isRecord, textIn } from "./job.js";

export function parseReply(bytes: Buffer): Execution["reply"] {
  try {
    const reply = parseJson(bytes.toString("utf8"));
    return isRecord(reply) ? reply : null;
  } catch {
    return null;
  }
}

/**
 * The guest's own word on the end. All of it may be forged, so nothing about its shape is taken for granted.
 *
 * @param refusals  what refused a program something, by the error number that it got for it
 */
export function readEnding(reply: Execution["reply"], refusals: ReadonlyMap<number, string>): Ending {
  return claimedEnding(reply, refusals) ?? { kind: "crashed", message: "the program broke the channel to the host" };
}

function claimedEnding(reply: Execution["reply"], refusals: ReadonlyMap<number, string>): Ending | null {
  if (reply === null) return null;
  if (reply.end === "finished") return { kind: "finished" };
  if (reply.end === "exited") return isExitCode(reply.exitCode) ? { kind: "exited", exitCode: reply.exitCode } : null;
  if (reply.end === "unparsable") return { kind: "unparsable", message: textIn(reply.message) };
  if (reply.end !== "raised") return null;
  const error = fieldsOf(reply.error);
  const raised = { type: textIn(error.type), message: textIn(error.message) };
  if (raised.type === "MemoryError") return { kind: "out-of-memory", message: raised.message };
  // Only the error that the refusal itself caused: a program may live on after it and die of something else.
  const refused = typeof error.errno === "number" ? refusals.get(Math.abs(error.errno)) : undefined;
  if (refused !== undefined) return { kind: "denied", message: `${raised.type}: ${raised.message} (${refused})` };
  return { kind: "raised", error: raised };
}

/** What a program wrote, as text where it is text. */
export function readOutput(bytes: Buffer): Pick<Execution, "stdout" | "stdoutIsText"> {
  const stdout = bytes.toString("utf8");
  return { stdout, stdoutIsText: !stdout.includes("\uFFFD") || Buffer.from(stdout).equals(bytes) };
}
