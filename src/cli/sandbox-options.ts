// The options of every verb that runs programs: how many interpreters, which, and behind which walls.

import { type Command, Option } from "commander";
import { type EngineChoice, engineChoices } from "../sandbox/native/choice.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { WALL_MODES, type WallMode } from "../sandbox/wall/wall.js";
import { positive } from "./numbers.js";

export interface SandboxFlags {
  readonly workers?: number;
  readonly engine: EngineChoice;
  readonly wall: WallMode;
  readonly packages?: string;
}

/** @param engineFlag  where a verb has another --engine, under this name */
export function withSandboxOptions(command: Command, engineFlag: "engine" | "sandbox" = "engine"): Command {
  return command
    .option("--workers <n>", "interpreter threads; default: one a core", positive)
    .addOption(
      new Option(`--${engineFlag} <engine>`, "native: Python of this machine, closed in; auto: that for heavy programs")
        .choices(engineChoices)
        .default("wasm"),
    )
    .addOption(
      new Option("--wall <when>", "interpreters in a process without network, files and programs; auto: where it holds")
        .choices(WALL_MODES)
        .default("auto"),
    )
    .option("--packages <folder>", "wheels that programs may import, built for this interpreter");
}

export function openSandboxWith({ workers, engine, wall, packages }: SandboxFlags): Promise<Sandbox> {
  const onNotice = (text: string): void => void process.stderr.write(`coderlplus: ${text}\n`);
  return openSandbox({ workers, engine, wall, packages, onNotice });
}
