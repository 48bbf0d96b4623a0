// What a run on a server lacks before it can begin, all of it at once: its recipes need files that a person fetches and a
// server that a person starts. A run on this machine says of each file what it lacks where it reads it.

import { existsSync } from "node:fs";
import { messageOf, UsageError } from "../core/errors.js";
import { bundled } from "../problems/bundled.js";
import type { Config } from "./config/schema.js";
import { lookAtServer } from "./server.js";

/** @throws UsageError with a line for each thing that is not there */
export async function checkThere(config: Config): Promise<void> {
  const { engine, recipe } = config;
  if (engine.kind === "embedded") return;
  const lacks = [...filesOf(config), ...(await serverOf(engine.baseUrl))];
  if (lacks.length === 0) return;
  throw new UsageError(`${recipe} cannot begin, because it lacks\n${lacks.map((line) => `  ${line}`).join("\n")}`);
}

function filesOf({ data, supervised }: Config): string[] {
  const files = {
    ...(supervised ? { "supervised.data": supervised.data } : { "data.train": bundled(data.train, "train") }),
    "data.evaluation": bundled(data.evaluation, "held-out"),
  };
  return Object.entries(files)
    .filter(([, path]) => !existsSync(path))
    .map(
      ([key, path]) => `${key}: ${path} is not there; coderlplus data fetch and data convert make one (docs/data.md)`,
    );
}

async function serverOf(baseUrl: string | null): Promise<string[]> {
  try {
    await lookAtServer(baseUrl);
    return [];
  } catch (error) {
    return [`a server: ${messageOf(error)} (docs/reproduce-the-paper.md starts one)`];
  }
}
