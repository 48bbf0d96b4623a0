#!/usr/bin/env node
// The command line: each verb parses, calls one function and reports. Exit codes: 0, 1 failed, 2 unusable input.

import { Command, CommanderError } from "commander";
import { EngineError, messageOf, UsageError } from "../core/errors.js";
import { packageVersion } from "../runs/versions.js";

/** A verb is loaded when it is asked for, with what it needs; all are, where help or a name close to a typo is wanted. */
const verbs: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  train: async () => (await import("./train.js")).registerTrain,
  sft: async () => (await import("./sft.js")).registerSft,
  pretrain: async () => (await import("./pretrain.js")).registerPretrain,
  study: async () => (await import("./study.js")).registerStudy,
  eval: async () => (await import("./eval.js")).registerEval,
  compare: async () => (await import("./compare.js")).registerCompare,
  rollouts: async () => (await import("./rollouts.js")).registerRollouts,
  probe: async () => (await import("./probe.js")).registerProbe,
  dashboard: async () => (await import("./dashboard.js")).registerDashboard,
  report: async () => (await import("./report.js")).registerReport,
  metrics: async () => (await import("./metrics.js")).registerMetrics,
  judge: async () => (await import("./judge.js")).registerJudge,
  trace: async () => (await import("./trace.js")).registerTrace,
  align: async () => (await import("./align.js")).registerAlign,
  logprobs: async () => (await import("./logprobs.js")).registerLogprobs,
  export: async () => (await import("./export.js")).registerExport,
  data: async () => (await import("./data.js")).registerData,
  estimate: async () => (await import("./estimate.js")).registerEstimate,
  serve: async () => (await import("./serve.js")).registerServe,
  "serve-engine": async () => (await import("./serve-engine.js")).registerServeEngine,
  doctor: async () => (await import("./doctor.js")).registerDoctor,
};

const program = new Command("coderlplus")
  .description("Trains code language models by reinforcement learning and teaches them what code does when it runs.")
  .version(packageVersion())
  .showSuggestionAfterError()
  .exitOverride();

const verb = process.argv[2] ?? "";
const loaded = Object.hasOwn(verbs, verb) ? [verbs[verb]] : Object.values(verbs);
for (const register of await Promise.all(loaded.map((load) => load()))) register(program);
// Sub-commands inherit nothing: without this a usage error inside one would exit with 1.
for (const command of program.commands.flatMap((each) => [each, ...each.commands])) command.exitOverride();

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
