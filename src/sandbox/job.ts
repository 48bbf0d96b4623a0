// What the sandbox is asked and what it answers: plain data between the pool, its threads and the interpreter.

import { Float, type Json, parseJson, stringifyJson } from "../core/json.js";
import type { Limits, Problem } from "../problems/problem.js";

/** How a run came to its end. Everything but `finished` is the program's doing. */
export type Ending =
  | { readonly kind: "finished" }
  | { readonly kind: "exited"; readonly exitCode: number }
  | { readonly kind: "raised"; readonly error: RaisedError }
  | { readonly kind: "unparsable"; readonly message: string }
  | {
      readonly kind: "timed-out" | "out-of-memory" | "output-limit" | "denied" | "crashed";
      readonly message: string;
    };

interface RaisedError {
  readonly type: string;
  readonly message: string;
}

/** One request to the interpreter. The guest side (guest.py) defines what it may hold. */
interface Request {
  readonly op: string;
  readonly [key: string]: unknown;
}

export interface Job {
  readonly request: Request;
  readonly stdin: string;
  readonly limits: Limits;
  /** What lies in the program's folder, by relative path; nothing else is there. */
  readonly files?: Readonly<Record<string, string>> | undefined;
  /** Where set, calls that the guest sends across are served by this program in a second interpreter. */
  readonly peer?: Request;
  /** Tells programs apart: jobs of one session run the same program. */
  readonly session?: string;
  /** Keeps what is written to standard error too. */
  readonly keepsStderr?: boolean | undefined;
  /**
   * The same as `request` in two parts, the first of which many jobs have in common. A guest may keep the state after
   * `prepare` and begin each of these jobs from there; what comes out is the same.
   */
  readonly staged?: { readonly prepare: Request; readonly resume: Request };
  /**
   * What is asked for after this. A thread may run the first of these in the same go, without waiting for a word, while
   * all end well and soon; it need not.
   */
  readonly next?: readonly Job[] | undefined;
}

/** A job on its way to the interpreter: as text, because cloning would strip what tells 2.0 from 2. */
export interface WireJob extends Omit<Job, "request" | "peer" | "staged" | "next"> {
  readonly request: string;
  readonly peer?: string;
  readonly staged?: { readonly prepare: string; readonly resume: string };
  readonly next?: readonly WireJob[];
}

export function toWire({ request, peer, staged, next, ...rest }: Job): WireJob {
  const text = stringifyJson;
  return {
    ...rest,
    request: text(request),
    ...(peer ? { peer: text(peer) } : {}),
    ...(staged ? { staged: { prepare: text(staged.prepare), resume: text(staged.resume) } } : {}),
    ...(next?.length ? { next: next.map(toWire) } : {}),
  };
}

export interface Execution {
  readonly ending: Ending;
  /** The guest's reply: a claim. Null where it never came. */
  readonly reply: { readonly [key: string]: Json } | null;
  readonly stdout: string;
  /** False where standard output was not UTF-8: then `stdout` is only a rendering. */
  readonly stdoutIsText: boolean;
  /** A rendering, where the job keeps it. Nobody judges by it. */
  readonly stderr?: string | undefined;
  /**
   * Time used, counted in polls (ports.ts): the same for the same program and input on every machine. Of a native run
   * (native/) it is the measured time in the same unit.
   */
  readonly work: number;
  /** Written to standard output and error together. */
  readonly outputBytes: number;
  /** Measured, and so the only thing here that differs from run to run. */
  readonly cpuMs: number;
  /** Of the job's `next`, those that were run in the same go: what they give alone. */
  readonly next?: readonly Execution[];
}

/** An execution on its way back: the reply as text, for the same reason. */
export interface WireExecution {
  readonly execution: Omit<Execution, "reply" | "next">;
  readonly reply: string | null;
  readonly next?: readonly WireExecution[];
}

export function fromWire({ execution, reply, next }: WireExecution): Execution {
  return {
    ...execution,
    reply: reply === null ? null : (parseJson(reply) as Execution["reply"]),
    ...(next?.length ? { next: next.map(fromWire) } : {}),
  };
}

/** Which of two worlds an interpreter lives in: they differ in hash seed, clock and random bytes only. */
export type World = "first" | "second";

/** Where a job is run. */
export interface Place {
  readonly language: Problem["language"];
  readonly world: World;
  /** A folder of wheels that programs may import; none by default. */
  readonly packages?: string | undefined;
}

/** A text in a reply; empty where the guest's claim is of another shape. */
export function textIn(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

type Fields = { readonly [key: string]: Json };

export function isRecord(value: Json | undefined): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Float);
}

/** The fields of an object in a reply; none where the guest's claim is of another shape. */
export function fieldsOf(value: Json | undefined): Fields {
  return isRecord(value) ? value : {};
}

/** What a process can end with. Anything else in a reply is a forgery. */
export function isExitCode(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 255;
}
