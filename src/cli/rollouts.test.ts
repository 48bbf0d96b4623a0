import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { registerRollouts } from "./rollouts.js";

describe("rollouts", () => {
  it.each([
    ["--task", "foo", "'--task <task>' argument 'foo' is invalid. Allowed choices are code, alignment."],
    ["--limit", "x", "'--limit <n>' argument 'x' is invalid. expected a whole number from 1."],
    ["--step", "x", "'--step <n>' argument 'x' is invalid. expected a whole number from 1."],
    ["--step", "1.5", "expected a whole number from 1."],
  ])("refuses %s %s in one clear line", (flag, value, message) => {
    const written: string[] = [];
    const program = new Command();
    registerRollouts(program);
    for (const command of program.commands)
      command.exitOverride().configureOutput({ writeErr: (line) => written.push(line) });
    expect(() => program.parse(["rollouts", "anywhere", flag, value], { from: "user" })).toThrow(message);
    expect(written).toHaveLength(1);
  });
});
