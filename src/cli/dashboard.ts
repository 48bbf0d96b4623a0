// `coderlplus dashboard [folder]`: serve a page over runs, finished or training, until told to stop.

import { existsSync, statSync } from "node:fs";
import type { Command } from "commander";
import { UsageError } from "../core/errors.js";
import { serveDashboard } from "../dashboard/serve.js";
import { port } from "./numbers.js";
import { stopOnRequest } from "./stopping.js";

const DEFAULT_FOLDER = "runs";
/** For those who would not have whoever lists processes read it. */
const TOKEN = "CODERLPLUS_DASHBOARD_TOKEN";

const SHARED = "Whoever has this address can read the runs; what it sends is not encrypted.\n";

interface Flags {
  readonly host: string;
  readonly port?: number;
  readonly token?: string;
  readonly json?: boolean;
}

export function registerDashboard(program: Command): void {
  program
    .command("dashboard")
    .description("look at runs in a browser: curves, rollouts, traces, evaluations; live while a run trains")
    .argument("[folder]", "a folder of runs and evaluations at any depth, or one run", DEFAULT_FOLDER)
    .option("--host <address>", "where to listen; what other machines can reach needs a token", "127.0.0.1")
    .option("--port <n>", "0 takes any that is free; default: 8080, or the next that is free", port)
    .option("--token <text>", `what a reader must have; default: ${TOKEN}, or one made where it is needed`)
    .option("--json", "print one JSON object once it listens")
    .addHelpText(
      "after",
      "\nExamples:\n  coderlplus dashboard\n  coderlplus dashboard runs/coderlplus-1 --port 9000\n" +
        "\nIt runs until it is told to stop, and changes nothing in the runs but an index beside their rollouts.",
    )
    .action(dashboard);
}

async function dashboard(folder: string, flags: Flags): Promise<void> {
  // The first run may still be to come.
  if (folder !== DEFAULT_FOLDER && !existsSync(folder)) throw new UsageError(`${folder}: no such folder`);
  if (existsSync(folder) && !statSync(folder).isDirectory()) {
    throw new UsageError(`${folder}: a file; expected a folder of runs, or a run`);
  }
  const stopping = stopOnRequest(() => {});
  const { host, port, token = process.env[TOKEN] } = flags;
  const server = await serveDashboard({ folder, host, port, token });
  process.stdout.write(
    flags.json
      ? `${JSON.stringify({ url: server.url, folder })}\n`
      : `${folder} at ${server.url}\n${server.token === null ? "" : SHARED}Stop it with Ctrl-C.\n`,
  );
  if (!stopping.signal.aborted) {
    await new Promise<void>((end) => stopping.signal.addEventListener("abort", () => end(), { once: true }));
  }
  await server.close();
  stopping.release();
}
