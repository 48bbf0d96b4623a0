#!/usr/bin/env node
// The command line: verbs only.

import { Command } from "commander";
import { messageOf, UsageError } from "../core/errors.js";
import { registerJudge } from "./judge.js";
import { registerTrace } from "./trace.js";

const program = new Command("coderlplus").exitOverride((error) => {
  process.exit(error.exitCode === 0 ? 0 : 2);
});
registerJudge(program);
registerTrace(program);
program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
