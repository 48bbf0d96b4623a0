import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { moduleArguments } from "../core/worker.js";
import { readProblems } from "../problems/problem.js";

const MAIN = moduleArguments(new URL("./main.js", import.meta.url));
const prime = fileURLToPath(new URL("../problems/sources/fixtures/prime.parquet", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "coderlplus-data-convert-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...flags: string[]) =>
  spawnSync(process.execPath, [...MAIN, "data", "convert", ...flags], { encoding: "utf8" });

test("data convert writes problems that are read back, and says what it left out", () => {
  const out = join(folder, "new", "problems.jsonl");
  const { status, stdout, stderr } = run(prime, "--out", out);
  expect([status, stdout]).toEqual([0, ""]);
  expect(stderr).toMatch(/^4 problems of 9 rows \(prime\)/);
  expect(stderr).toMatch(/1 {2}malformed {2}outputs: expected as many as inputs {2,}\S+prime\.parquet: row 6: /);
  expect(stderr).toMatch(/malformed rows were passed over; --strict ends at the first/);
  expect(readProblems(out).map(({ id }) => id)).toEqual(["codecontests/0", "taco/1", "apps/2", "codecontests/0#2"]);
  expect(readdirSync(join(folder, "new"))).toEqual(["problems.jsonl"]);
  const summary = run(prime, "--out", out, "--json");
  expect(JSON.parse(summary.stdout)).toMatchObject({ out, formats: ["prime"], rows: 9, problems: 4 });
});

test("a conversion that fails leaves the file that was there as it was", () => {
  const out = join(folder, "kept.jsonl");
  writeFileSync(out, "before\n");
  const strict = run(prime, "--out", out, "--strict");
  expect([strict.status, strict.stderr]).toEqual([2, expect.stringMatching(/prime\.parquet: row 5: ground_truth: /)]);
  expect(readFileSync(out, "utf8")).toBe("before\n");
  const other = join(folder, "other.jsonl");
  writeFileSync(other, '{"question": 1}');
  const unknown = run(other, "--out", join(folder, "never.jsonl"));
  expect([unknown.status, unknown.stderr]).toEqual([2, expect.stringMatching(/found the fields question; .*--format/)]);
  expect(existsSync(join(folder, "never.jsonl"))).toBe(false);
  expect(readdirSync(folder).filter((name) => name.includes(".tmp"))).toEqual([]);
});
