import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { gradeAnswer, type RewardMode } from "../../alignment/reward.js";
import { sha256OfFile } from "../../core/files.js";
import { Float, type Json } from "../../core/json.js";
import { bundled } from "../../problems/bundled.js";
import { readProblems } from "../../problems/problem.js";
import type { RunDirectory } from "../../runs/run-directory.js";
import { groupDetail, problemDetail, type RolloutDetail } from "../api/rollouts.js";
import { openRollouts } from "./answers.js";
import { freshRun, question, record } from "./test-run.js";

async function shown(run: RunDirectory, step = 1, group = 0): Promise<readonly RolloutDetail[]> {
  const rollouts = openRollouts(run.path);
  const detail = groupDetail.parse({ run: ".", ...(await rollouts.group({ step, group })) });
  await rollouts.close();
  expect(detail.skipped).toEqual([]);
  return detail.rollouts;
}

const alignmentConfig = (mode: RewardMode, dialect: string): string =>
  `reward:\n  alignment: ${mode}\nprompts:\n  dialect: ${dialect}\n`;

describe("a code rollout in full", () => {
  it("has its texts, its reward's parts, and each test with values as the language writes them", async () => {
    const run = freshRun();
    const tests = [
      { kind: "passed" as const, cpuMs: 2 },
      { kind: "wrong-answer" as const, expected: new Float(2), got: { $tuple: [1, null] }, cpuMs: 0.25 },
      { kind: "wrong-answer" as const, expected: "1\n2\n", got: "1\n3\n", cpuMs: 0 },
      { kind: "raised" as const, error: "ValueError", message: "<script>", cpuMs: 1 },
      { kind: "exited" as const, exitCode: 3, cpuMs: 1 },
      { kind: "timed-out" as const, cpuMs: 1 },
      { kind: "denied" as const, message: "the network", cpuMs: 1 },
      { kind: "not-run" as const },
    ];
    run.writeRollouts(1, [record(1, 0, 0, { tests }), record(1, 1, 0)]);
    const [rollout, ...others] = await shown(run);
    expect(others).toEqual([]);
    expect(rollout).toMatchObject({ prompt: "# add", completion: "x = 1", program: "x = 1", language: "python" });
    expect(rollout.rewardParts).toEqual({ passed: 0, total: 1 });
    expect(rollout.tests).toEqual([
      { kind: "passed", isOutput: false, cpuMs: 2 },
      { kind: "wrong-answer", isOutput: false, cpuMs: 0.25, expected: "2.0", got: "(1, None)" },
      { kind: "wrong-answer", isOutput: true, cpuMs: 0, expected: "1\n2\n", got: "1\n3\n" },
      { kind: "raised", isOutput: false, cpuMs: 1, error: "ValueError", message: "<script>" },
      { kind: "exited", isOutput: false, cpuMs: 1, message: "exit code 3" },
      { kind: "timed-out", isOutput: false, cpuMs: 1 },
      { kind: "denied", isOutput: false, cpuMs: 1, message: "the network" },
      { kind: "not-run", isOutput: false, cpuMs: null },
    ]);
  });

  it("says why a program was not judged, and has none where the completion held none", async () => {
    const run = freshRun();
    const { program: _, ...without } = record(1, 0, 0, { tests: [] });
    const verdict = { kind: "unparsable" as const, message: "SyntaxError: line 3", passed: 0 as const, total: 1 };
    run.writeRollouts(1, [{ ...without, verdict }]);
    const [rollout] = await shown(run);
    expect([rollout.program, rollout.message, rollout.verdict]).toEqual([null, "SyntaxError: line 3", "unparsable"]);
  });

  it("knows the language by the problem where the run's data has it, else by the fence", async () => {
    const problems = join(freshRun().path, "problems.jsonl");
    const tests = [{ kind: "call", function: "f", arguments: [], expected: "a" }];
    writeFileSync(problems, `${JSON.stringify({ id: "p/1", language: "javascript", prompt: "", tests })}\n`);
    const run = freshRun(`data:\n  train: ${problems}\n`);
    const wrong = { kind: "wrong-answer" as const, expected: "a", got: { $set: [1] }, cpuMs: 1 };
    run.writeRollouts(1, [record(1, 0, 0, { tests: [{ ...wrong, got: "b" }] })]);
    run.writeRollouts(2, [
      record(2, 0, 0, { problem: "other", completion: "```js\nx = 1\n```", tests: [wrong] }),
      record(2, 0, 1, { problem: "other", tests: [wrong] }),
    ]);
    const [byProblem] = await shown(run);
    expect(byProblem.language).toBe("javascript");
    expect(byProblem.tests[0]).toMatchObject({ expected: '"a"', got: '"b"', isOutput: false });
    expect((await shown(run, 2)).map(({ language, tests: [first] }) => [language, first.got])).toEqual([
      ["javascript", "new Set([1])"],
      ["python", "{1}"],
    ]);
  });
});

describe("an alignment rollout in full", () => {
  const truth = {
    variables: { a: 1, b: new Float(1), c: { $tuple: [1, 2] }, d: true, e: "1" },
    output: { $set: [1, 2] } as Json,
  };
  const completion = '{"variables": {"a": 1.0, "b": 1, "c": [1, 2], "d": true, "e": 1}, "output": {"$set": [2, 1]}}';

  it.each([
    ["withOutput", "chat"],
    ["withOutput", "continuation"],
    ["paper", "chat"],
    ["official", "chat"],
  ] as const)("judges each value as the reward did, in mode %s and dialect %s", async (mode, dialect) => {
    const run = freshRun(alignmentConfig(mode, dialect));
    const grade = gradeAnswer(truth, completion, mode, dialect === "chat");
    run.writeRollouts(1, [question(1, 0, 0, { truth, predicted: grade.predicted }, { completion })]);
    const [{ alignment }] = await shown(run);
    expect(alignment?.values.map(({ type, right }) => ({ type, right }))).toEqual(grade.values);
    expect(alignment?.values[0]).toMatchObject({ name: "a", truth: "1", predicted: "1.0", predictedType: "float" });
    expect(alignment?.values[5]).toMatchObject({ name: "output", truth: "{1, 2}", predicted: "{2, 1}" });
  });

  it("has the call or the standard input, and what was not answered", async () => {
    const run = freshRun();
    const call = { kind: "call" as const, function: "f", arguments: [[new Float(1)], "a"], keywords: { k: null } };
    run.writeRollouts(1, [
      question(1, 0, 0, { input: call, truth, predicted: { variables: { a: 1 } } }),
      question(1, 0, 1, { input: { kind: "stdio", stdin: "3\n" } }),
    ]);
    const [asked, unanswered] = await shown(run);
    expect(asked.alignment).toMatchObject({ inputKind: "call", input: "f([1.0], 'a', k=None)", answered: true });
    expect(asked.alignment?.values[1]).toMatchObject({ predicted: null, predictedType: null, right: false });
    expect(unanswered.alignment).toMatchObject({ inputKind: "stdio", input: "3\n", answered: false });
    expect([unanswered.program, unanswered.tests]).toEqual(["x = 1", []]);
  });

  it("asks for an input where that is the target: whether it is right, only a run could tell", async () => {
    const run = freshRun();
    const input = { truth: { variables: {}, output: 4, input: [2] }, predicted: { variables: {}, input: [-2] } };
    for (const inputRight of [0, 1]) {
      run.writeRollouts(inputRight + 1, [
        question(inputRight + 1, 0, 0, { ...input, target: "input" }, { rewardParts: { inputRight } }),
      ]);
      const [{ alignment }] = await shown(run, inputRight + 1);
      expect(alignment?.values).toEqual([
        {
          name: "input",
          type: "list",
          truth: "[2]",
          predictedType: "list",
          predicted: "[-2]",
          right: inputRight === 1,
        },
      ]);
    }
  });

  it("finds its fields in any order, among any others", async () => {
    const run = freshRun();
    const { task, alignment, ...others } = question(1, 0, 0, { predicted: { variables: { x: 1 } } });
    const fields = { z: 0, alignment: { z: 0, ...alignment }, ...others };
    // A key like an index, behind others: the codec keeps such an object apart from plain ones.
    const line = JSON.stringify(fields).replaceAll('"z":0', '"z":0,"7":0').replace(/}$/, `,"task":"${task}"}`);
    run.writeRollouts(1, []);
    writeFileSync(join(run.path, "rollouts", "step-000001.jsonl"), line);
    const [{ alignment: shownAlignment }] = await shown(run);
    expect(shownAlignment?.values).toEqual([
      { name: "x", type: "int", truth: "1", predictedType: "int", predicted: "1", right: true },
    ]);
  });

  it("shows tags of a model's own making as the JSON they are", async () => {
    const run = freshRun();
    const made: Json[] = [{ $dict: 5 }, { $dict: [7] }, { $obj: "A" }, { $tuple: 1 }, { "\u202e": null }];
    const variables = Object.fromEntries(made.map((value, i) => [`v${i}`, value]));
    const known = Object.fromEntries(made.map((_, i) => [`v${i}`, 1]));
    run.writeRollouts(1, [question(1, 0, 0, { truth: { variables: known }, predicted: { variables } })]);
    const [{ alignment }] = await shown(run);
    expect(alignment?.values.map(({ predicted }) => predicted)).toEqual([
      '{"$dict": 5}',
      '{"$dict": [7]}',
      '{"$obj": "A"}',
      '{"$tuple": 1}',
      "{'\u202e': None}",
    ]);
  });
});

describe("tokens", () => {
  const columns = { lengths: [1, 4], logprobs: [-0.5, -1.25], ratios: null, advantages: 0.5 };
  const shownColumns = { ends: [1, 5], logprobs: [-0.5, -1.25], ratios: null, advantages: [0.5, 0.5] };

  it("are those of the group's rollouts; a line that is no record is left out", async () => {
    const run = freshRun();
    run.writeRollouts(
      1,
      [0, 1, 2].map((sample) => record(1, 3, sample)),
    );
    run.writeTokens(1, [
      { group: 2, sample: 0, ...columns, lengths: [9, 0] },
      { group: 3, sample: 0, ...columns },
      { group: 3, sample: 1, ...columns, logprobs: [1] },
    ]);
    expect((await shown(run, 1, 3)).map(({ tokenDetail }) => tokenDetail)).toEqual([shownColumns, null, null]);
  });

  it("are not read through a link", async () => {
    const [run, other] = [freshRun(), freshRun()];
    for (const one of [run, other]) one.writeRollouts(1, [record(1, 0, 0)]);
    other.writeTokens(1, [{ group: 0, sample: 0, ...columns }]);
    symlinkSync(join(other.path, "tokens"), join(run.path, "tokens"));
    expect((await shown(run))[0].tokenDetail).toBeNull();
  });
});

describe("a problem", () => {
  it("is looked up in the run's data, with its tests as text", async () => {
    const run = freshRun("data:\n  train: bundled\n  evaluation: bundled\n");
    const rollouts = openRollouts(run.path);
    for (const data of ["train", "evaluation"] as const) {
      const file = bundled("bundled", data === "train" ? "train" : "held-out");
      const { id, prompt, reference, tests } = readProblems(file)[3];
      const detail = problemDetail.parse(await rollouts.problem({ problem: id, data }));
      expect(detail).toMatchObject({ problem: id, missing: null, prompt, reference, language: "python" });
      expect(detail.tests).toHaveLength(tests.length);
      expect(detail.tests[0].input).toMatch(/^f\(\[/);
    }
    expect((await rollouts.problem({ problem: "none" })).missing).toMatch(/^no problem "none" in .*train\.jsonl$/);
    await rollouts.close();
  });

  it("is not shown from a file that has changed, and that is said", async () => {
    const data = join(freshRun().path, "problems.jsonl");
    const line = {
      id: "p/ü",
      language: "python",
      prompt: "say 1",
      tests: [{ kind: "stdio", stdin: "", stdout: "1\n" }],
    };
    writeFileSync(data, `{"language": 1}\nnot JSON\n${JSON.stringify(line)}`);
    const run = freshRun(`data:\n  train: ${data}\n`, { dataHashes: { train: sha256OfFile(data) } });
    const found = openRollouts(run.path);
    expect((await found.problem({ problem: "p/ü" })).tests).toEqual([{ kind: "stdio", input: "", expected: "1\n" }]);
    writeFileSync(data, JSON.stringify(line));
    const changed = openRollouts(run.path);
    expect((await changed.problem({ problem: "p/ü" })).missing).toContain("has changed since the run began");
    const none = openRollouts(freshRun("data:\n  train: /dev/zero\n").path);
    expect((await none.problem({ problem: "p" })).missing).toContain("/dev/zero: no such file");
  });
});
