// What a run was made with: versions, revision, host.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, cpus, platform, totalmem } from "node:os";

interface PackageFile {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

function packageFile(): PackageFile {
  return JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as PackageFile;
}

export function packageVersion(): string {
  return packageFile().version;
}

export function versions(): Record<string, string> {
  const { version, dependencies } = packageFile();
  const named = ["onnxruntime-node", "pyodide", "@huggingface/tokenizers"];
  return {
    coderlplus: version,
    node: process.versions.node,
    ...Object.fromEntries(named.map((name) => [name, dependencies[name] ?? "unknown"])),
  };
}

/** The commit of the folder the command runs in; null outside a repository or without git. */
export function gitRevision(): string | null {
  try {
    return execFileSync("git", ["rev-parse", "HEAD"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return null;
  }
}

export function host(): Record<string, string | number> {
  return {
    platform: platform(),
    arch: arch(),
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
  };
}
