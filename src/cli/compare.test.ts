import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, expect, test } from "vitest";
import { moduleArguments } from "../core/worker.js";
import { testInfo, testSamples, writeTestEvaluation } from "../eval/report/test-samples.js";
import { registerCompare } from "./compare.js";

const MAIN = moduleArguments(new URL("./main.js", import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "coderlplus-compare-"));
  for (const [policy, marks] of [
    ["base", { a: "w", b: "r", c: "w" }],
    ["trained", { a: "r", b: "r", c: "r" }],
  ] as const) {
    writeTestEvaluation(join(folder, policy), testInfo({ policy, tasks: 3 }), testSamples(marks));
  }
  mkdirSync(join(folder, "run"));
  writeFileSync(join(folder, "run", "run.json"), "{}");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const compare = (...flags: string[]) =>
  spawnSync(process.execPath, [...MAIN, "compare", ...flags], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });

test("two evaluations are compared in a table, and a page shows every task", () => {
  const { status, stdout, stderr } = compare(at("base"), at("trained"), "--html", at("out.html"));
  expect([status, stderr]).toEqual([0, `${at("out.html")}: every task side by side\n`]);
  const [, , , , , header, strict] = stdout.split("\n").map((line) => line.trim().split(/\s{2,}/));
  const named = "benchmark measure tasks base trained difference, 95 % fixed broken both wrong both right";
  expect(header.join(" ")).toBe(named);
  expect(strict).toEqual(["toy", "pass_at_1", "3", "33.3", "100.0", "+66.7 [+0.0, +100.0]", "2", "0", "0", "1"]);
  expect(readFileSync(at("out.html"), "utf8")).toContain("<h1>base and trained</h1>");
});

test("runs beside evaluations, one alone, or a page of three are refused before anything is written", () => {
  const refused = (...flags: string[]) => {
    const program = new Command().exitOverride();
    registerCompare(program);
    return () => program.parse(["compare", ...flags], { from: "user" });
  };
  const page = ["--html", at("none.html")];
  expect(refused(at("base"), at("run"), ...page)).toThrow(/run: holds no evaluation of a benchmark, as the others do/);
  expect(refused(at("run"), at("run"), ...page)).toThrow(/--html is for two evaluations of benchmarks, not for runs/);
  expect(refused(at("none"), at("base"))).toThrow(/none: holds no run .* and no evaluation of a benchmark/);
  expect(refused(at("base"))).toThrow(/expected two evaluations or more/);
  expect(refused(at("base"), at("base"), at("trained"), ...page)).toThrow(/two evaluations side by side; found 3/);
  expect(refused(at("base"), `${at("base")}/`, ...page)).toThrow(
    /base\/?: named twice; expected different evaluations/,
  );
  expect(existsSync(at("none.html"))).toBe(false);
});
