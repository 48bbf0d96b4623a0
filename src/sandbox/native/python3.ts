// Which python3 of this machine the native engine may use: CPython 3.11 or newer.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface Python {
  readonly path: string;
  readonly version: string;
}

const NAMES = ["python3", "python3.14", "python3.13", "python3.12", "python3.11"] as const;
const OLDEST = [3, 11] as const;
const TIMEOUT_MS = 20_000;
/** The interpreter itself: what `python3` names may be a script, or belong to a virtual environment. */
const QUESTION =
  "import sys, platform; print(sys._base_executable, platform.python_implementation(), platform.python_version(), sep='\\n')";

/** The first that will do, or why there is none. */
export async function findPython(): Promise<Python | string> {
  if (process.platform !== "linux") return `${process.platform} is not Linux`;
  const seen: string[] = [];
  for (const name of NAMES) {
    const found = await ask(name);
    if (found === null) continue;
    const { path, implementation, version } = found;
    const [major, minor] = version.split(".").map(Number);
    if (implementation === "CPython" && major === OLDEST[0] && minor >= OLDEST[1]) return { path, version };
    seen.push(`${name} is ${implementation} ${version}`);
  }
  return seen.length > 0
    ? `${seen.join(", ")}; CPython ${OLDEST.join(".")} or newer is needed`
    : "no python3 on the PATH";
}

async function ask(name: string): Promise<(Python & { readonly implementation: string }) | null> {
  try {
    const { stdout } = await promisify(execFile)(name, ["-I", "-S", "-c", QUESTION], { timeout: TIMEOUT_MS });
    const [path, implementation, version] = stdout.trim().split("\n");
    return { path, implementation, version };
  } catch {
    return null;
  }
}
