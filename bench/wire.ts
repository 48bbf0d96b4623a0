// What it costs to have the engine in another process: `npm run build && npm run bench:wire [-- --steps 16 --rounds 3]`.
// The same run of the bundled model in-process and on a server of ours, by turns, as the package runs them; processor
// time of everything that either starts. It says nothing about the clock: other work on the machine would be in it.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { quantile } from "../src/core/maths.js";
import { Spent } from "./tinker/processes.js";

const { values } = parseArgs({
  options: { steps: { type: "string", default: "16" }, rounds: { type: "string", default: "3" } },
});
const folder = mkdtempSync(join(tmpdir(), "coderlplus-bench-"));
const command = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const common = [
  `train.steps=${values.steps}`,
  "train.checkpointEvery=1000",
  "evaluation.problems=2",
  "judge.workers=1",
  "engine.lora=null",
];

function start(...args: string[]): { readonly child: ChildProcess; readonly spent: Spent } {
  const child = spawn(process.execPath, [command, ...args], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  return { child, spent: new Spent(child.pid ?? 0) };
}

/** @returns seconds of the trainer and of those who judge for it */
async function trained(...settings: readonly string[]): Promise<number> {
  rmSync(join(folder, "run"), { recursive: true, force: true });
  const { child, spent } = start("train", "--run", "run", ...settings.flatMap((setting) => ["--set", setting]));
  child.stdout?.resume();
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`train ended with ${code}`);
  return spent.end();
}

async function round(): Promise<{ readonly here: number; readonly trainer: number; readonly server: number }> {
  const here = await trained(...common, "engine.threads=1");
  const { child, spent } = start("serve-engine", "--port", "0", "--threads", "1", "--folder", "served", "--json");
  const [line] = (await once(child.stdout ?? child, "data")) as [Buffer];
  const { url, model } = JSON.parse(line.toString()) as { url: string; model: string };
  const remote = ["engine.kind=tinker", `engine.baseUrl=${url}`, `engine.model=${model}`, "engine.tokenizer=bundled"];
  const trainer = await trained(...common, ...remote);
  child.kill("SIGTERM");
  await once(child, "exit");
  return { here, trainer, server: spent.end() };
}

const more: number[] = [];
try {
  for (let n = 0; n < Number(values.rounds); n++) {
    const { here, trainer, server } = await round();
    more.push((trainer + server) / here - 1);
    const seconds = [here, trainer, server, trainer + server].map((value) => value.toFixed(1));
    process.stdout.write(
      `in-process ${seconds[0]} s; trainer ${seconds[1]} + server ${seconds[2]} = ${seconds[3]} s\n`,
    );
  }
  process.stdout.write(`median: ${(100 * quantile(more, 0.5)).toFixed(0)} % more\n`);
} finally {
  rmSync(folder, { recursive: true });
}
