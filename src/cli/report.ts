// `coderlplus report RUN`: write report.html again, also while the run goes on.

import type { Command } from "commander";
import { measures } from "../eval/family.js";
import { renderReport } from "../runs/report.js";
import { RunDirectory } from "../runs/run-directory.js";

export function registerReport(program: Command): void {
  program
    .command("report")
    .description("write a run's report.html from what it has so far")
    .argument("<run>", "a run folder")
    .addHelpText("after", "\nExample:\n  coderlplus report runs/coderlplus-1")
    .action((path: string) => {
      const run = RunDirectory.open(path);
      run.writeText("report.html", renderReport(run, measures));
      process.stdout.write(`${path}/report.html\n`);
    });
}
