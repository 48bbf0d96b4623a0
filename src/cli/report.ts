// `coderlplus report RUN`: write report.html again, also while the run goes on.

import type { Command } from "commander";
import { writeAtomic } from "../core/files.js";
import { renderReport } from "../dashboard/report.js";
import { renderCurve } from "../runs/reward-curve.js";
import { RunDirectory } from "../runs/run-directory.js";

export function registerReport(program: Command): void {
  program
    .command("report")
    .description("write a run's report.html from what it has so far")
    .argument("<run>", "a run folder")
    .option("--curve <file>", "also write the reward curve as an SVG file")
    .addHelpText("after", "\nExample:\n  coderlplus report runs/coderlplus-1")
    .action(async (path: string, flags: { readonly curve?: string }) => {
      const run = RunDirectory.open(path);
      run.writeText("report.html", await renderReport(run));
      if (flags.curve !== undefined) writeAtomic(flags.curve, renderCurve(run));
      process.stdout.write(`${path}/report.html\n`);
    });
}
