import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { AlignmentExample } from "../alignment/example.js";
import { parseJson } from "../core/json.js";
import type { Tokenizer } from "../engines/engine.js";
import type { Problem } from "../problems/problem.js";
import { heldProblems } from "../problems/problem-set.js";
import type { RolloutGroup } from "../rollouts/rollout.js";
import { readPending, writePending } from "./pending.js";

const folder = mkdtempSync(join(tmpdir(), "coderlplus-pending-"));
mkdirSync(join(folder, "training-state"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const path = join(folder, "training-state", "pending.jsonl");
const problem = { id: "p/1" } as Problem;
const tokenizer = { decode: (ids: readonly number[]) => ids.join(" ") } as unknown as Tokenizer;
const example: AlignmentExample = {
  id: "e",
  problem: "p/1",
  step: 1,
  program: "x = 2.0",
  input: { kind: "stdio", stdin: "" },
  target: "finalValues",
  asked: ["x"],
  truth: { variables: { x: parseJson("2.0") } },
  prompt: "x = 2.0\n# x\n",
  funnel: "kept",
};
const logprobs = Float32Array.of(-0.1, -1e-45, -3.4e38, 0);
const rollouts = [{ completion: "5 6 7 8", sample: { tokens: [5, 6, 7, 8], logprobs, stopReason: "length" as const } }];
const groups: RolloutGroup[] = [
  { prompt: { task: { kind: "code", problem }, text: "# one\n" }, promptTokens: [1, 2], rollouts },
  { prompt: { task: { kind: "alignment", example }, text: example.prompt }, promptTokens: [3], rollouts: [] },
];
const sampled = { step: 3, cursor: 40, rounds: [groups, [groups[0]]] };

const problems = heldProblems([problem]);

it("keeps what was sampled ahead, to the bit", () => {
  expect(readPending(folder, problems, tokenizer)).toBeNull();
  writePending(folder, sampled);
  expect(readPending(folder, problems, tokenizer)).toEqual(sampled);
});

it("says which line is damaged, and which problem is gone", () => {
  writePending(folder, sampled);
  expect(() => readPending(folder, heldProblems([]), tokenizer)).toThrow(
    /pending\.jsonl: the problem p\/1 is not among/,
  );
  writeFileSync(path, readFileSync(path, "utf8").replaceAll('"length"', '"tired"'));
  expect(() => readPending(folder, problems, tokenizer)).toThrow(/pending\.jsonl:1: .*stopReason/);
  writeFileSync(path, "");
  expect(() => readPending(folder, problems, tokenizer)).toThrow(/pending\.jsonl: is empty/);
});
