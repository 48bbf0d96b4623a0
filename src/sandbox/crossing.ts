// Two interpreters, one on each side: trusted test code runs in one, the program in the other, and only tagged values
// cross. So test code that compares for itself compares built-in values, whatever the program makes of its classes.

import { stringifyJson } from "../core/json.js";
import type { Interpreter } from "./interpreter.js";
import type { Ending, Execution, WireJob } from "./job.js";

/** Runs `job.request` in `checker`; the calls that it sends across are answered by `job.peer` in `candidate`. */
export function cross(checker: Interpreter, candidate: Interpreter, job: WireJob): Execution {
  candidate.restore();
  const loaded = candidate.run({ ...job, request: job.peer ?? job.request });
  if (loaded.ending.kind !== "finished") return loaded;
  let ended: Ending | null = null;
  let cpuMs = loaded.cpuMs;
  let polls = loaded.polls;
  const answer = (question: Buffer): Buffer | null => {
    const served = candidate.run({ ...job, request: `{"op": "serve", "call": ${question.toString("utf8")}}` });
    polls += served.polls;
    if (served.reply !== null && (served.ending.kind === "finished" || served.ending.kind === "raised")) {
      return Buffer.from(stringifyJson(served.reply));
    }
    ended = served.ending;
    return null;
  };
  const execution = checker.run(job, answer);
  cpuMs += execution.cpuMs;
  polls += execution.polls;
  candidate.restore();
  return { ...execution, ending: ended ?? execution.ending, cpuMs, polls };
}
