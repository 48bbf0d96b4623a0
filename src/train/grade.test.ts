import { describe, expect, it } from "vitest";
import type { Judgement } from "../judge/verdict.js";
import type { Problem } from "../problems/problem.js";
import { continuation } from "../prompts/continuation.js";
import type { Prompt, Rollout } from "../rollouts/rollout.js";
import { applySettings, resolveConfig } from "./config/resolve.js";
import { type GradedRollout, gradeRollout, gradingOf, type Judge, judgingOnce } from "./grade.js";

const problem = (id: string): Problem => ({ id, starterCode: "", tests: [] }) as unknown as Problem;
const judgement = (verdict: Judgement["verdict"]): Judgement => ({
  verdict,
  tests: [],
  programSha256: null,
  engine: "none",
  cpuMs: 0,
});

describe("judging once", () => {
  it("asks for each problem and program once, also while the first is under way, and gives all the same judgement", async () => {
    const asked: Array<readonly [string, string | null]> = [];
    const judge = judgingOnce(async ({ id }, program) => {
      asked.push([id, program]);
      await new Promise(setImmediate);
      return judgement({ kind: "infrastructure", message: `${asked.length}` });
    });
    const [a, b] = [problem("a"), problem("b")];
    const all = await Promise.all([judge(a, "x"), judge(b, "x"), judge(a, "x"), judge(a, null), judge(a, "null")]);
    expect(asked).toEqual([
      ["a", "x"],
      ["b", "x"],
      ["a", null],
      ["a", "null"],
    ]);
    expect(all[2]).toBe(all[0]);
    expect(await judge(a, "x")).toBe(all[0]);
  });
});

describe("overlong shaping", () => {
  const options = gradingOf(
    resolveConfig(applySettings({}, ["rollouts.maximumTokens=80", "reward.overlong={bufferTokens: 20}"]), "test"),
  );
  const graded = (length: number, verdict: Judgement["verdict"]): Promise<GradedRollout> => {
    const judge: Judge = async () => judgement(verdict);
    const sample = { tokens: new Array<number>(length).fill(1), logprobs: new Float32Array(length) };
    const rollout: Rollout = { completion: "x = 1", sample: { ...sample, stopReason: "stop" } };
    const prompt: Prompt = { task: { kind: "code", problem: problem("a") }, text: "" };
    return gradeRollout(rollout, prompt, { dialect: continuation, judge, gradeAlignment: async () => null }, options);
  };

  it("takes its share of the reward, under its own name, and keeps what was earned", async () => {
    const passed = { kind: "passed", passed: 2, total: 2 } as const;
    expect(await graded(75, passed)).toMatchObject({
      reward: 0.25,
      earned: 1,
      rewardParts: { passed: 2, total: 2, overlong: -0.75 },
    });
    expect(await graded(60, passed)).toMatchObject({ reward: 1, rewardParts: { overlong: 0 } });
  });

  it("leaves a reward that is unknown unknown", async () => {
    const { reward, rewardParts } = await graded(80, { kind: "infrastructure", message: "" });
    expect({ reward, rewardParts }).toEqual({ reward: null, rewardParts: {} });
  });
});
