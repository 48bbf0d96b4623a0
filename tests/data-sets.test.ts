// References of public data sets, converted and judged. The handful of rows in the repository always; whole sets where
// CODERLPLUS_DATA_SETS names a folder that has them (minutes):
//   CODERLPLUS_DATA_SETS=FOLDER npx vitest run tests/data-sets.test.ts

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { judge } from "../src/judge/judge.js";
import type { Problem } from "../src/problems/problem.js";
import { convertFiles } from "../src/problems/sources/convert.js";
import { openSandbox, type Sandbox } from "../src/sandbox/sandbox.js";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../src/problems/sources/fixtures/${name}`, import.meta.url));

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox();
});
afterAll(() => sandbox.close());

async function converted(path: string): Promise<Problem[]> {
  const problems: Problem[] = [];
  await convertFiles([path], { strict: true }, (problem) => problems.push(problem));
  return problems;
}

/** The ids of problems whose reference does not pass, with the verdict. */
async function failing(problems: readonly Problem[]): Promise<string[]> {
  const judged = problems.map(async (problem) => {
    const { verdict } = await judge(sandbox, problem, problem.reference ?? null);
    return verdict.kind === "passed" ? [] : [`${problem.id} ${JSON.stringify(verdict)}`];
  });
  return (await Promise.all(judged)).flat();
}

describe("rows of public sets", () => {
  test.each(["mbpp.jsonl", "sanitized-mbpp.json", "HumanEvalPlus.jsonl", "MbppPlus.jsonl"])(
    "%s: every reference passes, and a program that does nothing passes none",
    async (name) => {
      const problems = await converted(fixture(name));
      expect(await failing(problems)).toEqual([]);
      const idle = problems.map((problem) => ({ ...problem, reference: "pass" }));
      expect(await failing(idle)).toHaveLength(problems.length);
    },
  );
});

const folder = process.env["CODERLPLUS_DATA_SETS"];
const sets: ReadonlyArray<readonly [string, number]> = [
  ["humaneval/HumanEval.jsonl.gz", 164],
  ["mbpp/mbpp.jsonl", 974],
  ["mbpp/sanitized-mbpp.json", 427],
  ["humanevalplus/HumanEvalPlus.jsonl.gz", 164],
  ["mbppplus/MbppPlus.jsonl.gz", 378],
  // Of 800: 17 have an input or output that is no literal.
  ["cruxeval/cruxeval.jsonl", 792],
];

describe.each(sets)("the whole of %s", (name, count) => {
  const path = folder === undefined ? undefined : join(folder, name);
  const missing = path === undefined || !existsSync(path);
  it.skipIf(missing)(
    missing ? `SKIPPED: no ${name} in the folder that CODERLPLUS_DATA_SETS names` : `passes, ${count} of ${count}`,
    { timeout: 1_200_000 },
    async () => {
      const problems = await converted(path ?? "");
      expect(problems).toHaveLength(count);
      expect(await failing(problems)).toEqual([]);
    },
  );
});

/** Right programs of ours for LiveCodeBench's samples, and the wrong ones next to them. */
const samples: Readonly<Record<string, readonly [right: string, wrong: string]>> = {
  "livecodebench/codeforces/1873_A": [
    "for _ in range(int(input())):\n    print('YES' if input() in ('abc', 'acb', 'bac', 'cba') else 'NO')",
    "for _ in range(int(input())):\n    print('YES')",
  ],
  "livecodebench/leetcode/2727": [
    "class Solution:\n    def countSeniors(self, details):\n        return sum(int(d[11:13]) > 60 for d in details)",
    "class Solution:\n    def countSeniors(self, details):\n        return sum(int(d[11:13]) >= 60 for d in details)",
  ],
  "livecodebench/atcoder/abc301_a": [
    "n, s = int(input()), input()\nt, a = s.count('T'), s.count('A')\nprint('T' if t > a or (t == a and s[-1] == 'A') else 'A')",
    "n, s = int(input()), input()\nprint('T' if s.count('T') > s.count('A') else 'A')",
  ],
};

describe("LiveCodeBench's samples", () => {
  const path = join(folder ?? "", "livecodebench/code_eval_live_code_bench_v1.jsonl");
  const missing = folder === undefined || !existsSync(path);
  it.skipIf(missing)(
    missing ? "SKIPPED: not in CODERLPLUS_DATA_SETS" : "are decoded, and tell right from wrong",
    async () => {
      const problems = await converted(path);
      expect(problems.map(({ id }) => id)).toEqual(Object.keys(samples));
      const verdicts = problems.map(async (problem) => {
        const judged = samples[problem.id].map((program) => judge(sandbox, problem, program));
        return (await Promise.all(judged)).map(({ verdict }) => verdict.kind);
      });
      expect(await Promise.all(verdicts)).toEqual(problems.map(() => ["passed", "failed"]));
    },
  );
});
