// The page as it was built: its scripts and its style sheet. What is in them is in dashboard-ui/.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../core/errors.js";
import { compiledModule } from "../core/worker.js";

/** The whole page in one script. */
export interface ReportFiles {
  readonly script: string;
  readonly style: string;
}

/** @throws UsageError where the page was not built */
export function readReportFiles(): ReportFiles {
  const folder = builtFolder();
  return {
    script: readFileSync(join(folder, "report.js"), "utf8"),
    style: readFileSync(join(folder, "style.css"), "utf8"),
  };
}

/** For the server: `page.js` and `style.css`, and the chunks that the former loads by their names. @throws UsageError as above */
export function readPageFiles(): ReadonlyMap<string, string> {
  const folder = builtFolder();
  const names = readdirSync(folder).filter((name) => /^(page\.js|style\.css|chunk-\w+\.js)$/.test(name));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

function builtFolder(): string {
  const built = compiledModule(new URL("./page/report.js", import.meta.url));
  // The development command line runs the sources.
  const file = fileURLToPath(built ?? new URL("../../dist/dashboard/page/report.js", import.meta.url));
  if (!existsSync(file)) throw new UsageError("the dashboard's page is not built; build it with: npm run build");
  return dirname(file);
}
