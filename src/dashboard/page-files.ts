// The page as it was built: its script and its style sheet. What is in them is in dashboard-ui/.

import { existsSync, readFileSync } from "node:fs";
import { UsageError } from "../core/errors.js";
import { compiledModule } from "../core/worker.js";

export interface PageFiles {
  readonly script: string;
  readonly style: string;
}

/** @throws UsageError where the page was not built */
export function readPageFiles(): PageFiles {
  return { script: readBuilt("page.js"), style: readBuilt("style.css") };
}

function readBuilt(name: string): string {
  const built = compiledModule(new URL(`./page/${name}`, import.meta.url));
  // The development command line runs the sources.
  const file = built ?? new URL(`../../dist/dashboard/page/${name}`, import.meta.url);
  if (!existsSync(file)) throw new UsageError("the dashboard's page is not built; build it with: npm run build");
  return readFileSync(file, "utf8");
}
