// One program as SandboxFusion runs it: in a shell, with standard input, to an exit code. What a program does is an answer;
// what cannot be done here is the original's SandboxError, and never an HTTP error.

import { CancelledError, messageOf } from "../core/errors.js";
import { explain } from "../core/schema.js";
import { defaultLimits, filesSchema, type Limits } from "../problems/problem.js";
import type { Execution, Job } from "../sandbox/job.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import type { RunCodeAnswer, RunCodeRequest } from "./api/run-code.js";

type CommandResult = NonNullable<RunCodeAnswer["run_result"]>;
type Files = Readonly<Record<string, string>>;

/** Where a program asks for more time, this is what it gets. */
const LONGEST_SECONDS = 3600;
const MOST_MEMORY_BYTES = 2 ** 30;
/** As a process that the system has killed, or that has broken down. */
const KILLED = -9;
const BROKEN = -11;

/** A client that gives up some seconds after both of its times is answered before that. */
const PATIENCE_MS = 5000;

/** How long a program may wait for its turn; undefined where its client waits as long as it takes. */
export function patienceOf({ compile_timeout }: RunCodeRequest): number | undefined {
  if (compile_timeout === undefined) return undefined;
  return PATIENCE_MS + 1000 * Math.min(Math.max(0, compile_timeout), LONGEST_SECONDS);
}

/** The languages that run here, by the original's names. */
const LANGUAGES: Readonly<Record<string, "python" | "javascript">> = { python: "python", nodejs: "javascript" };

/** @throws CancelledError where the signal was aborted */
export async function runCode(sandbox: Sandbox, request: RunCodeRequest, signal: AbortSignal): Promise<RunCodeAnswer> {
  const language = LANGUAGES[request.language];
  if (language === undefined) {
    const known = Object.keys(LANGUAGES).join(" and ");
    return sandboxError(`language "${request.language}" does not run here; ${known} do`);
  }
  const files = filesOf(request.files);
  if (typeof files === "string") return sandboxError(files);
  const absent = request.fetch_files.find((name) => files.texts[name] === undefined);
  if (absent !== undefined) {
    return sandboxError(`fetch_files: "${absent.slice(0, 200)}": programs write no files here; print what is wanted`);
  }
  try {
    const job = jobOf(request, language, files.texts);
    const execution = await sandbox.lease((room) => room.run(job), { language, signal });
    const result = resultOf(execution);
    const fetched = request.fetch_files.map((name) => [name, files.encoded[name]] as const);
    return {
      status: result.return_code === 0 ? "Success" : "Failed",
      message: "",
      compile_result: null,
      run_result: result,
      executor_pod_name: null,
      files: Object.fromEntries(fetched),
    };
  } catch (error) {
    if (error instanceof CancelledError) throw error;
    return sandboxError(messageOf(error));
  }
}

function sandboxError(message: string): RunCodeAnswer {
  return {
    status: "SandboxError",
    message,
    compile_result: null,
    run_result: null,
    executor_pod_name: null,
    files: {},
  };
}

function jobOf(request: RunCodeRequest, language: "python" | "javascript", files: Files): Job {
  const { code: source, stdin, run_timeout, memory_limit_MB } = request;
  const limits: Limits = {
    ...defaultLimits,
    timeMs: Math.max(1, 1000 * Math.min(run_timeout, LONGEST_SECONDS)),
    ...(memory_limit_MB > 0 ? { memoryBytes: Math.min(memory_limit_MB * 2 ** 20, MOST_MEMORY_BYTES) } : {}),
  };
  return {
    request: language === "python" ? { op: "script", source } : { op: "run", name: "__main__", source, preamble: "" },
    stdin: stdin ?? "",
    limits,
    keepsStderr: true,
    ...(Object.keys(files).length > 0 ? { files } : {}),
  };
}

interface GivenFiles {
  readonly encoded: Files;
  readonly texts: Files;
}

/** A text says what is wrong with them. */
function filesOf(given: RunCodeRequest["files"]): GivenFiles | string {
  const encoded: Record<string, string> = {};
  const texts: Record<string, string> = {};
  for (const [name, content] of Object.entries(given)) {
    // As the original has it.
    if (content === null || name.includes("IGNORE_THIS_FILE")) continue;
    encoded[name] = content;
    try {
      texts[name] = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(content, "base64"));
    } catch {
      return `files: "${name.slice(0, 200)}": its content is no UTF-8; programs are given text files here`;
    }
  }
  const checked = filesSchema.safeParse(texts);
  return checked.success ? { encoded, texts } : `files: ${explain(checked.error, texts, filesSchema)}`;
}

function resultOf(execution: Execution): CommandResult {
  const { stdout, stderr = "", cpuMs, ending } = execution;
  const seconds = cpuMs / 1000;
  const finished = (code: number, said = ""): CommandResult => ({
    status: "Finished",
    execution_time: seconds,
    return_code: code,
    stdout,
    stderr: stderr + (said === "" ? "" : `${said}\n`),
  });
  switch (ending.kind) {
    case "finished":
      return finished(0);
    case "exited":
      return finished(ending.exitCode);
    case "raised":
      return finished(1, `Uncaught ${ending.error.type}: ${ending.error.message}`);
    case "unparsable":
    case "denied":
      return finished(1, ending.message);
    case "out-of-memory":
      return finished(KILLED, ending.message);
    case "crashed":
      return finished(BROKEN, ending.message);
    // Who prints more than is read waits there without end.
    case "timed-out":
    case "output-limit":
      return { status: "TimeLimitExceeded", execution_time: seconds, return_code: null, stdout, stderr };
    default:
      return ending satisfies never;
  }
}
