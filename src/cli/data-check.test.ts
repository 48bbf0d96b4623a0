import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { moduleArguments } from "../core/worker.js";

const MAIN = moduleArguments(new URL("./main.js", import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "data-check-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, rows: readonly object[]): string => {
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return path;
};
const run = (...flags: string[]) =>
  spawnSync(process.execPath, [...MAIN, ...flags], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });

const tests = [{ kind: "stdio", stdin: "3\n", stdout: "6\n" }];
const problem = (id: string, prompt: string, more: object = {}): object => ({
  id,
  language: "python",
  prompt,
  tests,
  ...more,
});

test("a data set is cleaned: what is wrong is named, counted and put aside with its reasons", () => {
  const data = file("data.jsonl", [
    problem("good", "Double it.", { reference: "print(2 * int(input()))" }),
    problem("wrong", "Double this.", { reference: "print(3)" }),
    problem("again", "double  it.", {}),
    problem("seen", "Print twice the number that stands on the first line."),
    { id: "broken", language: "python", prompt: "" },
  ]);
  const against = file("evaluation.jsonl", [problem("e", "Print twice the number, that stands on the first line")]);
  const out = join(folder, "clean.jsonl");
  const result = run("data", "check", data, "--against", against, "--workers", "1", "--out", out, "--json");
  expect([result.stderr, result.status]).toEqual(["", 0]);
  const summary = JSON.parse(result.stdout) as { checks: ReadonlyArray<{ name: string; failed: number }> };
  expect(summary).toMatchObject({ ok: false, rows: 5, problems: 4, kept: 1, evaluation: { problems: 1 } });
  expect(
    Object.fromEntries(summary.checks.filter((each) => each.failed > 0).map((each) => [each.name, each.failed])),
  ).toEqual({
    "malformed row": 1,
    "repeated problem": 1,
    "wrong reference": 1,
    "overlaps evaluation": 1,
  });
  expect(
    readFileSync(out, "utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { id: string }).id),
  ).toEqual(["good"]);
  const dropped = readFileSync(join(folder, "clean.dropped.jsonl"), "utf8").trim().split("\n");
  expect(dropped.map((line) => (JSON.parse(line) as { findings: Array<{ kind: string }> }).findings[0]?.kind)).toEqual([
    "wrong reference",
    "repeated problem",
    "overlaps evaluation",
    "malformed row",
  ]);
  expect(readdirSync(folder).filter((name) => name.includes("tmp"))).toEqual([]);
});

test("without a file to write the exit code says that something would be dropped", () => {
  const data = file("twice.jsonl", [problem("a", "Double it."), problem("b", "Double it.")]);
  const result = run("data", "check", data, "--no-run");
  expect(result.status).toBe(1);
  expect(result.stdout).toMatch(/FAIL {2}repeated problem +2 checked +1 found\n +\S+twice\.jsonl:2 b: as a\n/);
  expect(result.stdout).toMatch(/1 of 2 problems \(2 rows\) are worth keeping; [\d.]+ s, no program run\n$/);
});
