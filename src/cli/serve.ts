// `coderlplus serve`: judge, tracer and alignment queue over HTTP, for trainers that are elsewhere.

import type { Command } from "commander";
import { readProblems } from "../problems/problem.js";
import { packageVersion } from "../runs/versions.js";
import { serveService } from "../service/serve.js";
import type { ServiceOptions } from "../service/service.js";
import { resolveTaskConfig } from "../service/tasks/config.js";
import { applySettings, readConfigFile } from "../train/config/resolve.js";
import { port, positive } from "./numbers.js";
import { type SandboxFlags, withSandboxOptions } from "./sandbox-options.js";
import { stopOnRequest } from "./stopping.js";

/** Never a flag: whoever lists processes would read it. */
const TOKEN = "CODERLPLUS_SERVICE_TOKEN";

interface Flags extends SandboxFlags {
  readonly problems?: string;
  readonly state?: string;
  readonly config?: string;
  readonly set: readonly string[];
  readonly tokenizer?: string;
  readonly host: string;
  readonly port: number;
  readonly waiting?: number;
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly logPrograms?: boolean;
}

export function registerServe(program: Command): void {
  const command = program
    .command("serve")
    .description("judge, trace and hand out alignment tasks over HTTP, for trainers elsewhere")
    .option("--problems <file>", "problems that requests may name by their ids, one JSON object a line")
    .option("--state <folder>", "where the alignment queue is kept; without it there is none")
    .option(
      "--config <file>",
      "of the queue: data, prompts, judge, reward, alignment, pool, as a training config has them",
    )
    .option(
      "--set <key=value>",
      "one key of that config; may be given more than once",
      (one: string, all: string[]) => [...all, one],
      [],
    )
    .option("--tokenizer <folder>", "of the model that is trained: measures prompts in its tokens")
    .option("--host <address>", `where to listen; other than this machine's own needs a token in ${TOKEN}`, "127.0.0.1")
    .option("--port <n>", "0 takes any that is free", port, 8000)
    .option("--waiting <n>", "requests that may wait; more are answered 429; default: 4096", positive);
  withSandboxOptions(command)
    .option("--json", "print one JSON object once it listens")
    .option("--verbose", "print a line for each request, without what was sent")
    .option("--log-programs", "print what was sent too")
    .addHelpText(
      "after",
      "\nExamples:\n  coderlplus serve\n  coderlplus serve --problems problems.jsonl --state queue\n" +
        `  ${TOKEN}=... coderlplus serve --host 0.0.0.0\n` +
        "\nIt runs until it is told to stop: then what runs is finished, and the queue is kept.",
    )
    .action(serve);
}

async function serve(flags: Flags): Promise<void> {
  const stopping = stopOnRequest(() => say("stopping: what runs is finished; again to stop at once"));
  const { workers, engine, wall, packages, host, port, waiting } = flags;
  const server = await serveService({
    workers,
    engine,
    wall,
    packages,
    host,
    port,
    maximumWaiting: waiting,
    problems: flags.problems === undefined ? [] : readProblems(flags.problems),
    tasks: tasksOf(flags),
    token: process.env[TOKEN] || null,
    version: packageVersion(),
    onNotice: say,
    report: (error) => say(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    ...((flags.verbose || flags.logPrograms) && {
      onRequest: ({ method, path, status, ms }) =>
        say(`${new Date().toISOString()} ${method} ${path} ${status} ${ms.toFixed(0)} ms`),
    }),
    ...(flags.logPrograms && { onBody: (path, body) => say(`${path} ${JSON.stringify(body)}`) }),
  });
  const { url } = server;
  process.stdout.write(flags.json ? `${JSON.stringify({ url })}\n` : banner(url));
  if (!stopping.signal.aborted) {
    await new Promise<void>((end) => stopping.signal.addEventListener("abort", () => end(), { once: true }));
  }
  await server.close();
  stopping.release();
}

/** The queue's problems are the service's, unless its config names others. */
function tasksOf({ state, config, set, problems, tokenizer }: Flags): ServiceOptions["tasks"] {
  if (state === undefined) return null;
  const own = problems === undefined ? [] : [`data.train=${JSON.stringify(problems)}`];
  const input = applySettings(config === undefined ? {} : readConfigFile(config), [...own, ...set]);
  return {
    config: resolveTaskConfig(input, config ?? "the queue's config"),
    folder: state,
    onNotice: say,
    ...(tokenizer === undefined ? {} : { tokenizer }),
  };
}

/** What was sent may hold anything: the terminal must not obey it. */
function say(text: string): void {
  process.stderr.write(`coderlplus: ${text.replaceAll(/[^\P{Cc}\n\t]/gu, "\uFFFD")}\n`);
}

function banner(url: string): string {
  return (
    `judge, tracer and queue at ${url}; ${url}/openapi.json describes them\n` +
    `SandboxFusion's clients take ${url}/run_code for an address. Stop it with Ctrl-C.\n`
  );
}
