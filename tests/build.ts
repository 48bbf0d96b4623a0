// Before all test files: the sources compiled once, for the threads and processes that the tests start. What compiles
// as it loads costs a second of CPU at each start. No check of types, and nothing of `dist`, which may be older.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** The folder of the compiled sources, laid out as `src` is. */
    readonly compiled: string;
  }
}

const project = join(import.meta.dirname, "..");
const builds = join(project, ".cache", "builds");
const OLD_MS = 24 * 3600 * 1000;

export function setup(vitest: TestProject): void {
  const provide = (): void => vitest.provide("compiled", compiledSources());
  provide();
  vitest.onTestsRerun(async () => provide());
}

/** Named by what it is made from: another run of the tests, at the same time or later, finds it whole or not at all. */
function compiledSources(): string {
  const folder = join(builds, digest());
  if (!existsSync(folder)) {
    const making = `${folder}-${process.pid}`;
    build(making);
    try {
      renameSync(making, folder);
    } catch {
      // Another was faster.
      rmSync(making, { recursive: true });
    }
    removeOld();
  }
  return join(folder, "dist");
}

function digest(): string {
  const hash = createHash("sha256");
  const sources = ["src", "dashboard-ui"].flatMap((folder) =>
    readdirSync(join(project, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
  );
  const scripts = ["scripts/copy-assets.mjs", "scripts/build-ui.mjs"];
  const files = [...sources.sort(), "package.json", "tsconfig.json", "tsconfig.build.json", ...scripts];
  for (const name of files) {
    const path = join(project, name);
    if (statSync(path).isFile())
      hash.update(`${name}\0`).update(createHash("sha256").update(readFileSync(path)).digest());
  }
  return hash.digest("hex").slice(0, 16);
}

function build(folder: string): void {
  const dist = join(folder, "dist");
  const compiler = join(project, "node_modules/typescript/bin/tsc");
  run(compiler, "-p", "tsconfig.build.json", "--noCheck", "--declaration", "false", "--outDir", dist);
  run("scripts/copy-assets.mjs", dist);
  run("scripts/build-ui.mjs", dist);
  // What the sources look for beside their own folder.
  copyFileSync(join(project, "package.json"), join(folder, "package.json"));
  for (const name of ["assets", "studies"]) symlinkSync(join(project, name), join(folder, name), "junction");
}

function run(script: string, ...args: string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { cwd: project, encoding: "utf8" });
  if (status !== 0) throw new Error(`${script} ${args.join(" ")}: ${stdout}${stderr}`);
}

function removeOld(): void {
  for (const name of readdirSync(builds)) {
    const path = join(builds, name);
    if (Date.now() - statSync(path).mtimeMs > OLD_MS) rmSync(path, { recursive: true, force: true });
  }
}
