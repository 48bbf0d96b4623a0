// Packages that the user has downloaded for the interpreter, such as numerical libraries: wheels in a folder, unpacked
// and imported before the state is saved that every program starts from. Off by default: code of theirs runs inside the
// firewall, but it was audited by nobody here.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PyodideAPI } from "pyodide";
import { messageOf, UsageError } from "../../core/errors.js";

/** What this interpreter can load: pure Python, or compiled for its version and platform (PEP 783). */
const FITTING = /-(none-any|(cp314|abi3)-pyemscripten_2026_0_wasm32)\.whl$/;
const SITE = "/lib/python3.14/site-packages";

/** Names of the wheels in a folder. @throws UsageError where there are none, or some for another platform */
export function findWheels(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith(".whl"));
  } catch (error) {
    throw new UsageError(`${folder}: cannot read the packages (${messageOf(error)})`, { cause: error });
  }
  if (names.length === 0) throw new UsageError(`${folder}: no packages in it; expected wheels (*.whl)`);
  const misfit = names.find((name) => !FITTING.test(name));
  if (misfit !== undefined) {
    throw new UsageError(
      `${join(folder, misfit)}: not for this interpreter; expected a wheel for Python 3.14 on pyemscripten_2026_0_wasm32, ` +
        "or one of pure Python (none-any)",
    );
  }
  return names.sort();
}

/** Unpacks and imports them all. @returns whether compiled code is among them @throws UsageError for one that does not load */
export function installPackages(python: PyodideAPI, folder: string): boolean {
  const wheels = findWheels(folder);
  for (const name of wheels) {
    try {
      python.unpackArchive(new Uint8Array(readFileSync(join(folder, name))), "wheel", { extractDir: SITE });
    } catch (error) {
      throw new UsageError(`${join(folder, name)}: not a wheel (${lastLine(error)})`, { cause: error });
    }
  }
  try {
    python.runPython(`site = ${JSON.stringify(SITE)}\n${source()}`);
  } catch (error) {
    throw new UsageError(`${folder}: a package does not load (${lastLine(error)})`, { cause: error });
  }
  return wheels.some((name) => !name.endsWith("-none-any.whl"));
}

/** Of an error in Python, what it says; in front of it stands where. */
function lastLine(error: unknown): string {
  return messageOf(error).trim().split("\n").at(-1) ?? "";
}

function source(): string {
  return readFileSync(new URL("./packages.py", import.meta.url), "utf8");
}
