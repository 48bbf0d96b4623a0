#!/usr/bin/env node
// The command line: each verb parses, calls one function and reports. Exit codes: 0, 1 failed, 2 unusable input.

import { Command, CommanderError } from "commander";
import { EngineError, messageOf, UsageError } from "../core/errors.js";
import { packageVersion } from "../runs/versions.js";
import { registerAlign } from "./align.js";
import { registerCompare } from "./compare.js";
import { registerData } from "./data.js";
import { registerDoctor } from "./doctor.js";
import { registerEstimate } from "./estimate.js";
import { registerExport } from "./export.js";
import { registerJudge } from "./judge.js";
import { registerLogprobs } from "./logprobs.js";
import { registerMetrics } from "./metrics.js";
import { registerPretrain } from "./pretrain.js";
import { registerProbe } from "./probe.js";
import { registerReport } from "./report.js";
import { registerRollouts } from "./rollouts.js";
import { registerSft } from "./sft.js";
import { registerStudy } from "./study.js";
import { registerTrace } from "./trace.js";
import { registerTrain } from "./train.js";

const program = new Command("coderlplus")
  .description("Trains code language models by reinforcement learning and teaches them what code does when it runs.")
  .version(packageVersion())
  .showSuggestionAfterError()
  .exitOverride();

for (const register of [
  registerTrain,
  registerSft,
  registerPretrain,
  registerStudy,
  registerCompare,
  registerProbe,
  registerRollouts,
  registerReport,
  registerMetrics,
  registerJudge,
  registerTrace,
  registerAlign,
  registerLogprobs,
  registerExport,
  registerData,
  registerEstimate,
  registerDoctor,
]) {
  register(program);
}
// Sub-commands inherit nothing: without this a usage error inside one would exit with 1.
for (const command of program.commands.flatMap((verb) => [verb, ...verb.commands])) command.exitOverride();

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever reads has had enough: no error of ours, but not all was written either.
  if (error.code !== "EPIPE") process.stderr.write(`coderlplus: standard output: ${error.message}\n`);
  process.exit(1);
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    process.stderr.write(`coderlplus: ${messageOf(error)}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
    if (!(error instanceof UsageError || error instanceof EngineError) && process.env["CODERLPLUS_DEBUG"]) {
      process.stderr.write(`${(error as Error).stack ?? ""}\n`);
    }
  }
}
