// What became of a native run, told from the engine's own report and the guest's claim. The report comes from processes
// that the program cannot reach; the claim is its own.

import { InfrastructureError } from "../../core/errors.js";
import { parseReply, readEnding, readOutput } from "../claim.js";
import type { Ending, Execution, Job } from "../job.js";
import { WORK_PER_MS } from "../python/ports.js";

/** How the engine ended a run: as in nursery.py and server.py. */
const TIME_LIMIT = 1;
const SILENCE = 2;
const OUTPUT_LIMIT = 4;
const REPLY_LIMIT = 5;
const NOT_CLOSED_IN = 6;
const SIGUSR2 = 12;
const SIGXCPU = 24;
const SIGSYS = 31;
/** What the walls answer: the filter of system calls, the empty file system, limits on files. */
const REFUSALS: ReadonlyMap<number, string> = new Map([
  [1, "not permitted"],
  [13, "file system"],
  [27, "file size"],
]);

/** What the keeper says of a run. */
export interface Answer {
  readonly stopped: number;
  readonly status: number;
  readonly cpuMs: number;
  readonly outputBytes: number;
  readonly output: Buffer;
  readonly reply: Buffer;
}

/** @throws InfrastructureError where the program was never begun */
export function toExecution(answer: Answer, job: Job): Execution {
  if (answer.stopped === NOT_CLOSED_IN) {
    throw new InfrastructureError("the native engine could not close a program in");
  }
  const exit = answer.status & 127 ? null : answer.status >> 8;
  const reply = exit === null ? null : parseReply(answer.reply);
  return {
    ending: endingOf(answer, exit, reply, job),
    reply,
    ...readOutput(answer.output),
    work: Math.round(answer.cpuMs * WORK_PER_MS),
    outputBytes: answer.outputBytes,
    cpuMs: answer.cpuMs,
  };
}

function endingOf(answer: Answer, exit: number | null, reply: Execution["reply"], job: Job): Ending {
  switch (answer.stopped) {
    case TIME_LIMIT:
      return { kind: "timed-out", message: "the time budget is used up" };
    case SILENCE:
      return { kind: "timed-out", message: "no sign of life" };
    case OUTPUT_LIMIT:
      return { kind: "output-limit", message: `more than ${job.limits.outputBytes} bytes of output` };
    case REPLY_LIMIT:
      return { kind: "output-limit", message: "the result is larger than 64 MiB" };
  }
  if (exit === null) return killedBy(answer.status & 127);
  if (exit !== 0) return { kind: "exited", exitCode: exit };
  // A program that leaves by `os._exit` has said nothing.
  return answer.reply.length === 0 ? { kind: "exited", exitCode: 0 } : readEnding(reply, REFUSALS);
}

function killedBy(signal: number): Ending {
  switch (signal) {
    case SIGXCPU:
      return { kind: "timed-out", message: "the time budget is used up" };
    case SIGUSR2:
      return { kind: "out-of-memory", message: "the memory limit was reached" };
    case SIGSYS:
      return { kind: "denied", message: "a system call of another architecture" };
    default:
      return { kind: "crashed", message: `ended by signal ${signal}` };
  }
}
