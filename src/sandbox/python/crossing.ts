// Two interpreters, one on each side: trusted test code runs in one, the program in the other, and only tagged values
// cross. So test code that compares for itself compares built-in values, whatever the program makes of its classes.

import { stringifyJson } from "../../core/json.js";
import type { Ending, Execution, WireJob } from "../job.js";
import type { Interpreter } from "./interpreter.js";
import { WORK_PER_MS } from "./ports.js";

/**
 * Runs `job.request` in `checker`; the calls that it sends across are answered by `job.peer` in `candidate`. The limits
 * are the whole test's: both sides and all calls draw on them.
 */
export function cross(checker: Interpreter, candidate: Interpreter, job: WireJob): Execution {
  const whole = job.limits.timeMs * WORK_PER_MS;
  let outputBytes = 0;
  /** One request to the program's side, with what is left after `used` units of work. */
  const ask = (request: string, used: number): Execution => {
    const timeMs = Math.max(0, whole - used) / WORK_PER_MS;
    const limits = { ...job.limits, timeMs, outputBytes: job.limits.outputBytes - outputBytes };
    const execution = candidate.run({ ...job, limits, request });
    outputBytes += execution.outputBytes;
    return execution;
  };
  candidate.restore();
  const loaded = ask(job.peer ?? job.request, 0);
  // From here on a reply is the checker's own word: the program must not be able to pass for it.
  if (loaded.ending.kind !== "finished") return { ...loaded, reply: null };
  let ended: Ending | null = null;
  const answer = (question: Buffer): Buffer | null => {
    const call = `{"op": "serve", "call": ${question.toString("utf8")}}`;
    const served = ask(call, loaded.work + checker.work);
    checker.charge(served.work);
    if (served.reply !== null && (served.ending.kind === "finished" || served.ending.kind === "raised")) {
      return Buffer.from(stringifyJson(served.reply));
    }
    ended = served.ending;
    return null;
  };
  const timeMs = Math.max(0, whole - loaded.work) / WORK_PER_MS;
  const execution = checker.run({ ...job, limits: { ...job.limits, timeMs } }, answer);
  candidate.restore();
  return {
    ...execution,
    ending: ended ?? execution.ending,
    // The checker's clock ran while the program's side worked.
    cpuMs: loaded.cpuMs + execution.cpuMs,
    work: loaded.work + execution.work,
    outputBytes: outputBytes + execution.outputBytes,
  };
}
