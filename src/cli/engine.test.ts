// `judge --engine`: what it says where the native engine cannot be had.

import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { moduleArguments } from "../core/worker.js";

const main = moduleArguments(new URL("./main.js", import.meta.url));
const command = [...main, "judge", "--problems", "examples/problems.jsonl"];
const withoutPython = { ...process.env, PATH: "/nonexistent" };

function judge(engine: string): { stdout: string; stderr: string; status: number | null } {
  return spawnSync(
    process.execPath,
    [...command, "--completions", "examples/completions.jsonl", "--json", "--engine", engine],
    { encoding: "utf8", env: withoutPython },
  );
}

test("asked for by name, its absence is an error that says why", () => {
  const { stderr, status, stdout } = judge("native");
  expect(status).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/the native engine is not to be had here: (no python3 on the PATH|\w+ is not Linux)/);
});

test("left to itself, it judges all the same", () => {
  const { status, stdout } = judge("auto");
  expect(status).toBe(0);
  expect((JSON.parse(stdout) as { counts: { infrastructure: number } }).counts.infrastructure).toBe(0);
});

test("an engine that there is not is a usage error", () => {
  expect(judge("jvm")).toMatchObject({ status: 2, stderr: expect.stringContaining("wasm, native, auto") });
});
