#!/usr/bin/env node
// The command line: hands each verb its flags, and turns what is thrown into one line and an exit code.

import { Command } from "commander";
import { messageOf, UsageError } from "../core/errors.js";
import { registerData } from "./data.js";

const program = new Command("coderlplus").exitOverride((error) => {
  process.exit(error.exitCode === 0 ? 0 : 2);
});
registerData(program);

try {
  await program.parseAsync();
} catch (error) {
  console.error(messageOf(error));
  process.exit(error instanceof UsageError ? 2 : 1);
}
