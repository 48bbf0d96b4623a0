// The Python that tests of this room compare with, where there is one with the modules they need. The product uses none.

import { spawnSync } from "node:child_process";

const PROBE = `
import importlib.util, sys
missing = [name for name in sys.argv[1:] if importlib.util.find_spec(name) is None]
sys.exit("no module " + ", ".join(missing) if missing else 0)
`;

/** CODERLPLUS_PYTHON or python3. */
export const python = process.env["CODERLPLUS_PYTHON"] ?? "python3";

/** Whether Python lacks what `what` needs; says so aloud. */
export function isPythonWithout(modules: readonly string[], what: string): boolean {
  const { error, status, stderr } = spawnSync(python, ["-c", PROBE, ...modules], { encoding: "utf8" });
  if (status === 0) return false;
  process.stderr.write(`skipped, ${what}: ${error ? `${python} cannot be started` : `${python}: ${stderr.trim()}`}\n`);
  return true;
}
