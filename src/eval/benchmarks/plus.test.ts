// HumanEval+ and MBPP+: references against themselves and against what is wrong with them. Rows in the repository always;
// the whole sets where CODERLPLUS_DATA_SETS names a folder that has them (many CPU minutes).

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { openSandbox, type Sandbox } from "../../sandbox/sandbox.js";
import type { Task } from "./benchmark.js";
import { benchmarkNamed } from "./catalogue.js";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox();
});
afterAll(() => sandbox.close());

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../problems/sources/fixtures/${name}`, import.meta.url));

/** Ids of tasks whose reference does not pass, by way of grading. */
async function failing(tasks: readonly Task[]): Promise<{ official: string[]; strict: string[] }> {
  const grades = await Promise.all(
    tasks.map((task) => task.grade(task.solution?.("official") ?? "", "official", sandbox)),
  );
  const not = (mode: "official" | "strict") =>
    tasks.filter((_, at) => grades[at][mode].kind !== "right").map(({ id }) => id);
  return { official: not("official"), strict: not("strict") };
}

test.each([
  ["humaneval-plus", "HumanEvalPlus.jsonl"],
  ["mbpp-plus", "MbppPlus.jsonl"],
])("%s: references pass, and programs that do nothing do not", async (name, file) => {
  const tasks = await benchmarkNamed(name).load(fixture(file));
  expect(await failing(tasks)).toEqual({ official: [], strict: [] });
  const idle = await Promise.all(tasks.map((task) => task.grade("pass", "upstream", sandbox)));
  expect(idle.filter(({ official, strict }) => official.kind === "right" || strict.kind === "right")).toEqual([]);
});

const folder = process.env["CODERLPLUS_DATA_SETS"];
describe.each([
  ["humaneval-plus", "humanevalplus/HumanEvalPlus.jsonl.gz", 164, []],
  // Its reference's largest results do not fit between two interpreters.
  ["mbpp-plus", "mbppplus/MbppPlus.jsonl.gz", 378, ["Mbpp/255"]],
])("the whole of %s", (name, file, count, tooLarge) => {
  const path = join(folder ?? "", file);
  const missing = folder === undefined || !existsSync(path);
  it.skipIf(missing)(
    missing ? `SKIPPED: no ${file} in the folder that CODERLPLUS_DATA_SETS names` : `has ${count} references that pass`,
    { timeout: 3_600_000 },
    async () => {
      const tasks = await benchmarkNamed(name).load(path);
      expect(tasks).toHaveLength(count);
      expect(await failing(tasks)).toEqual({ official: [], strict: tooLarge });
    },
  );
});
