// How `coderlplus probe` reads its command line and what its tables say; the probing itself is tested beside it.

import { Command } from "commander";
import { expect, test } from "vitest";
import type { GroupRecord, ProbeResults } from "../probe/results.js";
import { registerProbe } from "./probe.js";
import { probeTables } from "./probe-tables.js";

function run(...args: string[]): Promise<Command> {
  const program = new Command().exitOverride();
  registerProbe(program);
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
  return program.parseAsync(["probe", ...args], { from: "user" });
}

test("what cannot be a model is refused before anything is opened", async () => {
  await expect(run()).rejects.toThrow(/required option '--model/);
  await expect(run("--model", "=folder")).rejects.toThrow("expected a folder, or a name, = and a folder.");
  await expect(run("--model", "base=")).rejects.toThrow("expected a folder, or a name, = and a folder.");
  await expect(run("--model", "base=no/such/folder")).rejects.toThrow(/no\/such\/folder/);
  await expect(run("--model", "bundled", "--seeds", "0")).rejects.toThrow("expected a whole number from 1.");
  await expect(run("--model", "bundled", "--problems", "no-such-file.jsonl")).rejects.toThrow(/no-such-file\.jsonl/);
});

function group(name: string, value: number, models: number): GroupRecord {
  const scores = {
    accuracy: value,
    macroF1: 0.5,
    randomLabels: 0.4,
    sameMeaning: 0.7,
    otherMeaning: null,
    layers: [2],
  };
  return {
    name,
    accuracy: { value, low: value - 0.1, high: value + 0.1 },
    spread: 0.012,
    macroF1: 0.5,
    randomLabels: 0.4,
    selectivity: value - 0.4,
    sameMeaning: 0.7,
    otherMeaning: null,
    models: Array.from({ length: models }, () => scores),
  };
}

test("the tables give accuracies, differences with a star where they are sure, and controls", () => {
  const results: ProbeResults = {
    settings: { problems: "bundled", problemsSha256: "0", inputs: 2, seeds: [0, 1] },
    programs: 50,
    rows: 300,
    withoutRows: 0,
    tooLong: 4,
    groups: [],
    probes: [
      {
        site: "answer",
        property: "parity",
        classes: ["even", "odd"],
        rows: 100,
        programs: 40,
        majority: 0.55,
        bagOfTokens: 0.6,
        otherShare: 0.4,
        groups: [group("base", 0.61, 1), group("grpo", 0.7, 2)],
        differences: [{ of: "grpo", to: "base", value: 0.09, low: 0.02, high: 0.15 }],
      },
    ],
  };
  const text = probeTables(results);
  expect(text).toContain("300 final values in 50 programs");
  expect(text).toContain("4 values left out: their text is beyond a model's context");
  expect(text).toMatch(/^parity +55\.0 +60\.0 +61\.0 +70\.0 ± 1\.2$/m);
  expect(text).toMatch(/^parity +\+9\.0 \[\+2\.0, \+15\.0\] \*$/m);
  expect(text).toMatch(/^parity +\+21\.0 +70\.0 +\+30\.0 +70\.0$/m);
});
