// `coderlplus serve-engine`: a model on this machine behind the Tinker protocol, for this project's own loop elsewhere
// and for any other client of that protocol.

import { basename, resolve } from "node:path";
import type { Command } from "commander";
import { serveEngine } from "../engines/tinker/server/serve.js";
import { packageVersion } from "../runs/versions.js";
import { port, positive } from "./numbers.js";
import { stopOnRequest } from "./stopping.js";
import { type Weights, weightsAt } from "./weights-at.js";

/** Never a flag: whoever lists processes would read it. */
const KEY = "CODERLPLUS_ENGINE_KEY";

interface Flags {
  readonly model: string;
  readonly host: string;
  readonly port: number;
  readonly folder: string;
  readonly models: number;
  readonly threads?: number;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

export function registerServeEngine(program: Command): void {
  program
    .command("serve-engine")
    .description("serve a model over the Tinker protocol: training and sampling for clients elsewhere")
    .option("--model <path>", "a model folder, a run or one of its checkpoints, or the word bundled", "bundled")
    .option("--host <address>", `where to listen; other than this machine's own needs a key in ${KEY}`, "127.0.0.1")
    .option("--port <n>", "0 takes any that is free", port, 8090)
    .option("--folder <path>", "where checkpoints are kept", "tinker-checkpoints")
    .option("--models <n>", "models in training at once; others wait", positive, 4)
    .option("--threads <n>", "processor threads of each model; all by default", positive)
    .option("--json", "print one JSON object once it listens")
    .option("--verbose", "print a line for each request")
    .addHelpText(
      "after",
      "\nExamples:\n  coderlplus serve-engine\n" +
        `  ${KEY}=tml-... coderlplus serve-engine --model runs/demo-1 --host 0.0.0.0\n` +
        "\nIt runs until it is told to stop; checkpoints stay.",
    )
    .action(serve);
}

async function serve(flags: Flags): Promise<void> {
  const weights = weightsAt(flags.model);
  const stopping = stopOnRequest(() =>
    process.stderr.write("stopping: what runs is finished; again to stop at once\n"),
  );
  const server = await serveEngine({
    model: weights.model,
    names: [nameOf(flags.model, weights), flags.model],
    host: flags.host,
    port: flags.port,
    folder: flags.folder,
    models: flags.models,
    ...(flags.threads !== undefined && { threads: flags.threads }),
    apiKey: process.env[KEY] || null,
    version: packageVersion(),
    ...(flags.verbose && {
      onRequest: ({ method, path, status, ms }) =>
        process.stderr.write(`${new Date().toISOString()} ${method} ${path} ${status} ${ms.toFixed(0)} ms\n`),
    }),
  });
  const { url, modelName } = server;
  const facts = { url, model: modelName, modelFolder: weights.model, folder: resolve(flags.folder) };
  process.stdout.write(flags.json ? `${JSON.stringify(facts)}\n` : banner(facts, process.env[KEY] !== undefined));
  if (!stopping.signal.aborted) {
    await new Promise<void>((end) => stopping.signal.addEventListener("abort", () => end(), { once: true }));
  }
  await server.close();
  stopping.release();
}

/** What clients call it. */
function nameOf(path: string, { model, run, step }: Weights): string {
  if (run !== null) return `${basename(resolve(run))}/step-${step}`;
  return path === "bundled" ? path : basename(resolve(model));
}

function banner(
  { url, model, folder }: { readonly url: string; readonly model: string; readonly folder: string },
  hasKey: boolean,
): string {
  const key = hasKey ? `TINKER_API_KEY=<the key in ${KEY}> ` : "";
  return (
    `${model} at ${url}, checkpoints in ${folder}\n` +
    "Train on it from another terminal:\n" +
    `  ${key}coderlplus train --set engine.kind=tinker --set engine.baseUrl=${url} --set engine.model=${model}\n` +
    "Stop it with Ctrl-C.\n"
  );
}
