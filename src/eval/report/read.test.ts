import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Float } from "../../core/json.js";
import { holdsEvaluations, readEvaluations } from "./read.js";
import { testInfo, testSamples, writeTestEvaluation } from "./test-samples.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "coderlplus-evaluation-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("an evaluation read back from its folder", () => {
  it("is what was kept, values of Python with their types, of each benchmark the last step", () => {
    const decoding = { ...testInfo().decoding, temperature: 0.2, topP: 1, contextTokens: 4096 };
    const [sample] = testSamples({ a: "w" }, {}, { difficulty: "easy", date: "2024-01-31" });
    const strict = {
      kind: "wrong",
      reason: "wrong-answer",
      expected: [new Float(2), { $int: "100000000000000000000" }],
      got: null,
    } as const;
    const samples = [{ ...sample, grade: { ...sample.grade, strict } }];
    const info = testInfo({ step: 1_000_000, decoding });
    for (const step of [0, 999_999, 1_000_000]) writeTestEvaluation(folder, { ...info, step }, samples);
    writeTestEvaluation(folder, { ...info, prompts: "upstream" }, samples);
    const [first, second] = readEvaluations(folder);
    expect(first).toEqual({ path: join(folder, "toy-step-1000000.info.json"), info, samples });
    expect(second.info.prompts).toBe("upstream");
    expect(readEvaluations(join(folder, "toy-step-999999.json"))[0].info.step).toBe(999_999);
  });

  it("is not there where nothing is kept or it is not finished, and the error says what to do", () => {
    expect(holdsEvaluations(folder)).toBe(false);
    expect(() => readEvaluations(folder)).toThrow(/holds no evaluation; expected a folder that coderlplus eval wrote/);
    expect(() => readEvaluations(join(folder, "none"))).toThrow(/holds no evaluation/);
    writeFileSync(join(folder, "toy-step-000000.info.json"), JSON.stringify(testInfo()));
    expect(() => readEvaluations(folder)).toThrow(/not finished; the same coderlplus eval command goes on with it/);
  });

  it("is refused where it is damaged, naming file, line and field", () => {
    writeTestEvaluation(folder, testInfo(), testSamples({ a: "r" }));
    appendFileSync(join(folder, "samples/toy-step-000000.jsonl"), '{"task": "b", "sample": -1}\n');
    expect(() => readEvaluations(folder)).toThrow(/toy-step-000000\.jsonl:2: sample: .*; found -1/);
    writeFileSync(join(folder, "toy-step-000000.info.json"), '{"benchmark": 3}');
    expect(() => readEvaluations(folder)).toThrow(/info\.json: benchmark: .*found 3/);
    writeFileSync(join(folder, "toy-step-000000.info.json"), "{");
    expect(() => readEvaluations(folder)).toThrow(/info\.json: not JSON: column 2/);
  });
});
