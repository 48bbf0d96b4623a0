// Bad input at the command line: one clear line each, exit code 2 or 1, nothing written.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { moduleArguments } from "../src/core/worker.js";

const root = mkdtempSync(join(tmpdir(), "coderlplus-cli-"));
const main = moduleArguments(new URL("../src/cli/main.js", import.meta.url));

/** Runs the command in an empty folder, so that whatever it wrote would show. */
const folder = mkdtempSync(join(tmpdir(), "coderlplus-empty-"));

function coderlplus(...args: string[]): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...main, ...args], { cwd: folder, encoding: "utf8" });
  return { status, stdout, stderr };
}

function file(name: string, text: string): string {
  const path = join(root, name);
  writeFileSync(path, text);
  return path;
}

describe("unusable input", () => {
  const occupied = join(root, "occupied");
  mkdirSync(occupied);
  writeFileSync(join(occupied, "run.json"), "{}");
  const crowded = join(root, "crowded");
  mkdirSync(crowded);
  writeFileSync(join(crowded, "notes.txt"), "mine");

  it.each([
    [
      "an unknown config key",
      ["train", "--set", "train.step=3", "--dry-run"],
      /unknown key "step" \(did you mean "steps"\?\)/,
    ],
    [
      "a value of the wrong type",
      ["train", "--set", "train.steps=many", "--dry-run"],
      /train\.steps: .*expected number.*found "many"/,
    ],
    ["a --set without a value", ["train", "--set", "train.steps"], /expected key=value/],
    ["an unknown recipe", ["train", "grop"], /unknown recipe "grop" \(did you mean "grpo"\?\)/],
    ["a config file that is not there", ["train", "nowhere.yaml"], /nowhere\.yaml: cannot read it \(no such file\)/],
    ["a config that is not YAML", ["train", file("bad.yaml", "a: [1"), "--dry-run"], /bad\.yaml: not YAML/],
    [
      "a problem file that is not there",
      ["train", "--set", "data.train=nowhere.jsonl"],
      /nowhere\.jsonl: cannot read it/,
    ],
    [
      "a malformed problem",
      [
        "train",
        "--dry-run",
        "--set",
        `data.train=${file("p.jsonl", '{"id": "a", "language": "python", "prompt": ""}\n')}`,
      ],
      /p\.jsonl:1: tests: /,
    ],
    ["a model folder that is not there", ["train", "--set", "engine.model=nowhere"], /nowhere/],
    ["a folder that holds a run", ["train", "--run", occupied], /holds a run already; continue it with --resume/],
    ["a folder with other files", ["train", "--run", crowded], /not empty and holds no run/],
    ["a resume without a folder", ["train", "--resume"], /--resume needs the run's folder/],
    ["a resume of nothing", ["train", "--resume", "--run", join(root, "nothing")], /holds no run/],
    [
      "alignment alone without failures to learn from",
      ["train", "--set", "alignment.share=1", "--dry-run"],
      /alignment\.collectSteps/,
    ],
    ["a group of one", ["train", "--set", "rollouts.groupSize=1", "--dry-run"], /no baseline/],
    ["a setting that is not YAML", ["train", "--set", "recipe=["], /--set recipe=\[: not YAML/],
    [
      "a setting beyond the machine's memory",
      ["train", "--set", "rollouts.groupSize=100000000"],
      /needs about .* GB of memory/,
    ],
    ["more collecting than steps", ["train", "alignment-only", "--set", "train.steps=3"], /nothing would be learnt/],
    ["a pool smaller than its share", ["train", "--set", "pool.capacity=3"], /pool\.capacity is 3/],
    ["a chat dialect without a template", ["train", "--set", "prompts.dialect=chat"], /no chat template/],
    ["a model without its files", ["train", "--set", `engine.model=${crowded}`], /config\.json|model\.safetensors/],
    ["a comparison of nothing", ["compare", join(root, "nothing")], /holds no run/],
    ["an unknown verb", ["trian"], /unknown command 'trian'/],
    ["an unknown flag", ["train", "--stepz"], /unknown option '--stepz'/],
  ])("%s is one clear line and exit code 2", (_name, args, expected) => {
    const { status, stdout, stderr } = coderlplus(...args);
    expect(stderr).toMatch(expected);
    expect(stderr.trim().split("\n").length).toBeLessThanOrEqual(2);
    expect(status).toBe(2);
    expect(stdout).not.toMatch(/step 1/);
    expect(existsSync(join(folder, "runs"))).toBe(false);
  });

  it("leaves a folder that it did not make as it was", () => {
    expect(existsSync(join(crowded, "run.json"))).toBe(false);
  });
});

describe("help", () => {
  it.each([
    ["train"],
    ["pretrain"],
    ["compare"],
    ["rollouts"],
    ["report"],
    ["judge"],
    ["trace"],
    ["logprobs"],
    ["data"],
  ])("%s --help has an example and exit code 0", (verb) => {
    const { status, stdout } = coderlplus(verb, "--help");
    expect(status).toBe(0);
    expect(stdout).toContain("Example");
  });
});

describe("train --dry-run", () => {
  it("prints the resolved config as JSON and writes nothing", () => {
    const { status, stdout } = coderlplus("train", "grpo", "--dry-run", "--json", "--set", "seed=7");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      config: { recipe: "grpo", seed: 7, alignment: { share: 0 }, policy: { clipLow: 0.2 } },
    });
  });
});
