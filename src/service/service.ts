// The service as a whole, without its socket: a sandbox, the turns of its clients, the alignment queue where there is one,
// and the endpoints over them.

import { availableParallelism } from "node:os";
import type { Hono } from "hono";
import { InfrastructureError } from "../core/errors.js";
import { defaultLimits, type Problem } from "../problems/problem.js";
import { openSandbox, type Sandbox, type SandboxOptions } from "../sandbox/sandbox.js";
import { Admission } from "./admission.js";
import { type AnsweredRequest, makeApp } from "./app.js";
import { Calls, type Env } from "./call.js";
import { Health } from "./health.js";
import { Metrics } from "./metrics.js";
import { openTaskRoom, type TaskRoom, type TaskRoomOptions } from "./tasks/room.js";
import { Work } from "./work.js";

export interface ServiceOptions extends Omit<SandboxOptions, "maximumWaiting"> {
  /** Judged by their ids. */
  readonly problems?: readonly Problem[] | undefined;
  /** The alignment queue; null, the default, for none. */
  readonly tasks?: Omit<TaskRoomOptions, "sandbox"> | null | undefined;
  /** What clients send as a bearer; null, the default, for this machine alone. */
  readonly token?: string | null | undefined;
  readonly version?: string | undefined;
  /** Requests that may wait; beyond it they are answered 429. Default 4096. */
  readonly maximumWaiting?: number | undefined;
  /** Of a request that names none. Default ten minutes. */
  readonly deadlineMs?: number | undefined;
  /** Default 64 MiB. */
  readonly bodyBytes?: number | undefined;
  /** Of all bodies that are not answered yet. Default 512 MiB. */
  readonly bodiesBytes?: number | undefined;
  /** Told of each request when it is answered. */
  readonly onRequest?: ((request: AnsweredRequest) => void) | undefined;
  /** Told of each body, which holds programs. */
  readonly onBody?: ((path: string, body: string) => void) | undefined;
  /** Told of what is our own fault. */
  readonly report?: ((error: unknown) => void) | undefined;
}

export interface Service {
  readonly app: Hono<Env>;
  /** Takes nothing more. @returns once what runs is answered */
  drain(): Promise<void>;
  /** Ends what still runs, and keeps what has to be kept. */
  close(): Promise<void>;
}

/** Under way at once, for each interpreter: one runs, one is ready to follow. */
const RUNNING_EACH = 2;
const DEFAULTS = { maximumWaiting: 4096, deadlineMs: 600_000, bodyBytes: 64 * 2 ** 20, bodiesBytes: 512 * 2 ** 20 };

/** @throws InfrastructureError where no interpreter starts; UsageError, DataError for what is unusable */
export async function openService(options: ServiceOptions = {}): Promise<Service> {
  const { maximumWaiting = DEFAULTS.maximumWaiting, deadlineMs = DEFAULTS.deadlineMs } = options;
  const { token = null, version = "0.0.0", onRequest = () => {}, report = () => {} } = options;
  const { workers = availableParallelism(), engine, wall, packages, onNotice, onBody } = options;
  const sandbox = await openSandbox({ workers, engine, wall, packages, onNotice });
  let room: TaskRoom | null;
  try {
    room = options.tasks ? await openTaskRoom({ ...options.tasks, sandbox }) : null;
  } catch (error) {
    await sandbox.close();
    throw error;
  }
  const admission = new Admission({ running: RUNNING_EACH * workers, waiting: maximumWaiting });
  const metrics = new Metrics();
  const { bodyBytes = DEFAULTS.bodyBytes, bodiesBytes = DEFAULTS.bodiesBytes } = options;
  const calls = new Calls({ bodyBytes, bodiesBytes, deadlineMs, onBody });
  const work = new Work({
    sandbox,
    admission,
    room,
    problems: options.problems ?? [],
    lanes: RUNNING_EACH * workers,
    onVerdict: (kind) => metrics.verdict(kind),
  });
  const health = new Health({
    probe: async () => {
      try {
        await runProbe(sandbox);
      } catch (error) {
        report(error);
        // Whoever asks for health has shown no token.
        throw new InfrastructureError("the sandbox runs no program; the service's log says why");
      }
    },
    progress: () => ({ ended: admission.ended, running: admission.running }),
  });
  const parts = { sandbox, admission, calls, work, room, health, metrics, token, version, onRequest, report };
  return {
    app: makeApp(parts),
    drain: () => calls.drain(),
    close: async () => {
      calls.callOff();
      await calls.drain();
      await room?.close();
      await sandbox.close();
    },
  };
}

/** @throws InfrastructureError where it does not do what it must */
async function runProbe(sandbox: Sandbox): Promise<void> {
  const request = { op: "script", source: "print(6 * 7)" };
  const { stdout } = await sandbox.lease((room) => room.run({ request, stdin: "", limits: defaultLimits }));
  if (stdout !== "42\n") throw new InfrastructureError("a program that prints 42 does not");
}
