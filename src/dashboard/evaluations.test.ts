import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { testInfo, testSamples, writeTestEvaluation } from "../eval/report/test-samples.js";
import { evaluatedProblemOf } from "./evaluated-problem.js";
import { evaluationTableOf } from "./evaluation-files.js";
import { openFolder } from "./folder.js";
import { matrixOf } from "./matrix.js";
import { openScoreReader } from "./scores.js";
import { removeTestRuns, testFolder, writeTestRun, writeTestScores } from "./test-runs.js";

afterEach(removeTestRuns);

describe("the matrix", () => {
  it("has each run's last evaluation, or that of the step asked for, over the problems of all", async () => {
    const root = testFolder();
    writeTestRun(root, "a", { scores: { 0: [0, 0], 3: [1, 0] } });
    writeTestRun(root, "b", { scores: { 0: [1], 2: [0.5] } });
    const of = (question: object) =>
      matrixOf(openFolder(root), openScoreReader(), { runs: ["a", "b"], benchmark: "family", ...question });
    expect(await of({})).toEqual({
      benchmark: "family",
      measure: "code_pass_at_1",
      measures: ["code_pass_at_1"],
      problems: ["p/0", "p/1"],
      columns: [
        { run: "a", step: 3, scores: [1, 0] },
        { run: "b", step: 2, scores: [0.5, null] },
      ],
      skipped: [],
    });
    const atStart = await of({ step: 3 });
    expect(atStart.columns).toEqual([{ run: "a", step: 3, scores: [1, 0] }]);
    expect(atStart.skipped).toEqual(['b: no evaluation of "family" at step 3; it has steps 0, 2']);
    await expect(of({ measure: "beauty" })).rejects.toThrow('family has no measure "beauty"; it has code_pass_at_1');
    await expect(of({ benchmark: "none" })).rejects.toThrow('a: no evaluation of "none"; it has none of it');
  });

  it("of benchmarks has each task's pass@k by both gradings", async () => {
    const root = testFolder();
    writeTestEvaluation(join(root, "base"), testInfo(), testSamples({ a: "rw", b: "ww", c: "ii" }, { b: "rr" }));
    const { measures, problems, columns } = await matrixOf(openFolder(root), openScoreReader(), {
      runs: ["base"],
      benchmark: "toy",
    });
    expect(measures).toEqual(["pass_at_1", "official_pass_at_1"]);
    expect(problems).toEqual(["a", "b", "c"]);
    expect(columns[0]?.scores).toEqual([0.5, 0, null]);
  });

  it("reads an evaluation again when it has been made again", async () => {
    const root = testFolder();
    const run = writeTestRun(root, "a", { scores: { 0: [0] } });
    const reader = openScoreReader();
    const score = async () =>
      (await matrixOf(openFolder(root), reader, { runs: ["a"], benchmark: "family" })).columns[0]?.scores;
    expect(await score()).toEqual([0]);
    writeTestScores(run, 0, [1]);
    expect(await score()).toEqual([1]);
  });
});

describe("one problem of an evaluation", () => {
  it("of a run has its answers and the programs of the self-check", async () => {
    const root = testFolder();
    writeTestRun(root, "a", { scores: { 0: [0, 1] } });
    const question = { run: "a", benchmark: "family", step: 0, problem: "p/1" };
    const found = await evaluatedProblemOf(openFolder(root), openScoreReader(), question);
    expect(found.scores).toEqual({ code_pass_at_1: 1 });
    expect(found.completions).toEqual([
      { question: "code", prompt: null, completion: "answer 1 of step 0", note: "" },
      {
        question: "candidate 1, the greedy one",
        prompt: null,
        completion: "program 1",
        note: "passes every test; passes 2 visible tests",
      },
    ]);
  });

  it("of a benchmark has every sample with its prompt and what was said of it", async () => {
    const root = testFolder();
    const prompt = { kind: "chat" as const, messages: [{ role: "user" as const, content: "do it" }] };
    writeTestEvaluation(join(root, "base"), testInfo(), testSamples({ a: "r", b: "wr" }, { b: "rr" }, { prompt }));
    const question = { run: "base", benchmark: "toy", step: 0, problem: "b" };
    const { completions } = await evaluatedProblemOf(openFolder(root), openScoreReader(), question);
    expect(completions.map((written) => [written.question, written.prompt, written.completion])).toEqual([
      ["sample 0", "user:\ndo it", "the program of b"],
      ["sample 1", "user:\ndo it", "the program of b"],
    ]);
    expect(completions[0]?.note).toBe("wrong: wrong-answer\ntest: f(1)\nexpected: 1\ngot: 2\nas published: right");
    expect(completions[1]?.note).toBe("right");
  });

  it("is refused with file and line where a sample is damaged", async () => {
    const root = testFolder();
    writeTestEvaluation(join(root, "base"), testInfo(), testSamples({ a: "r" }));
    appendFileSync(join(root, "base/samples/toy-step-000000.jsonl"), '{"task": 3}\n');
    const question = { run: "base", benchmark: "toy", step: 0, problem: "a" };
    await expect(evaluatedProblemOf(openFolder(root), openScoreReader(), question)).rejects.toThrow(
      /toy-step-000000\.jsonl:2: /,
    );
  });
});

describe("the table of a benchmark", () => {
  it("has every step that is whole, and says which is not", () => {
    const run = writeTestRun(testFolder(), "a", { scores: { 0: [0], 2: [0.5], 3: [1] } });
    writeFileSync(join(run.path, "eval/family-step-000002.json"), "{");
    const { records, skipped } = evaluationTableOf(run.path, "a", "family");
    expect(records.map(({ step, metrics }) => [step, metrics["code_pass_at_1"]?.value])).toEqual([
      [0, 0],
      [3, 1],
    ]);
    expect(skipped).toEqual([expect.stringMatching(/family-step-000002\.json: not JSON/)]);
  });
});
