import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { AlignmentPool } from "../alignment/pool.js";
import { emptyFunnel } from "../alignment/recycle.js";
import { LORA_TARGETS } from "../engines/embedded/adapters/layout.js";
import { problemSchema } from "../problems/problem.js";
import { heldProblems } from "../problems/problem-set.js";
import { continuation } from "../prompts/continuation.js";
import { type Advantages, advantagesOf } from "./advantages.js";
import { alignmentCount, isCollecting, mixedBatch } from "./batch.js";
import { Clock } from "./clock.js";
import { applySettings, configText, readConfigFile, resolveConfig } from "./config/resolve.js";
import type { Config } from "./config/schema.js";
import type { GradedGroup } from "./grade.js";
import { recipe, recipes } from "./recipes/recipes.js";
import { poolWatch, shareNotice } from "./share-notice.js";
import { stepMetrics } from "./step.js";
import { notUpdated } from "./update.js";

describe("the config", () => {
  it("survives being written and read again", () => {
    const config = resolveConfig(recipe("coderlplus"), "recipe");
    const path = join(mkdtempSync(join(tmpdir(), "coderlplus-config-")), "config.yaml");
    writeFileSync(path, configText(config));
    expect(resolveConfig(readConfigFile(path), path)).toEqual(config);
  });

  it("fills in what the algorithm defines, unless it is set", () => {
    expect(resolveConfig({}, "here").policy).toMatchObject({ clipLow: 0.2, clipHigh: 0.2, aggregation: "token-mean" });
    expect(resolveConfig({ policy: { clipHigh: 0.28 } }, "here").policy).toMatchObject({
      clipLow: 0.2,
      clipHigh: 0.28,
    });
  });

  it("reads --set values as YAML and leaves the recipe untouched", () => {
    const before = structuredClone(recipes);
    const changed = applySettings(recipe("grpo"), ["alignment.share=0.25", "evaluation.every=null", "seed=3"]);
    expect(resolveConfig(changed, "here")).toMatchObject({
      seed: 3,
      alignment: { share: 0.25 },
      evaluation: { every: null },
    });
    expect(recipes).toEqual(before);
  });

  it("trains all weights unless adapters are asked for, of projections that it names", () => {
    const lora = (settings: readonly string[]): unknown =>
      resolveConfig(applySettings({}, settings), "here").engine.lora;
    expect(lora([])).toBeNull();
    expect(lora(["engine.lora.rank=4"])).toEqual({ rank: 4, alpha: 16, targets: LORA_TARGETS });
    expect(() => lora(["engine.lora.targets=[q_proj, lm_head]"])).toThrow(
      /engine\.lora\.targets\[1\]: .*"q_proj"\|"k_proj"\|"v_proj"\|"o_proj"\|"gate_proj"\|"up_proj"\|"down_proj"; found "lm_head"/,
    );
  });

  it("has recipes that are valid", () => {
    for (const name of Object.keys(recipes)) expect(resolveConfig(recipe(name), name).recipe).toBe(name);
  });
});

describe("the mixed batch", () => {
  const problems = Array.from({ length: 7 }, (_, i) =>
    problemSchema.parse({
      id: `p/${i}`,
      language: "python",
      prompt: `# ${i}\n`,
      tests: [{ kind: "stdio", stdin: "", stdout: "" }],
    }),
  );
  const filled = (size: number): AlignmentPool => {
    const pool = new AlignmentPool({ capacity: 100, sampling: "recent" });
    pool.add(
      Array.from({ length: size }, (_, i) => ({
        id: String(i),
        problem: "p/0",
        step: 1,
        program: `x = ${i}`,
        input: { kind: "stdio", stdin: "" },
        target: "finalValues",
        asked: ["x"],
        truth: { variables: { x: i } },
        prompt: `x = ${i}\n# x\n`,
        funnel: "kept",
      })),
    );
    return pool;
  };

  it("has the official counts: 51 of 128 at a share of 0.4, none before the pool can fill them", () => {
    const { input, expected } = (
      JSON.parse(readFileSync(new URL("../algorithms/fixtures/algorithms.json", import.meta.url), "utf8")) as {
        cases: Array<{
          name: string;
          input: { batch_size: number; ratio: number };
          expected: { sem_per_batch: number };
        }>;
      }
    ).cases.find(({ name }) => name === "coderlplus/batch_mix")!;
    expect(alignmentCount(input.batch_size, input.ratio, 1000)).toBe(expected.sem_per_batch);
    expect(alignmentCount(input.batch_size, input.ratio, expected.sem_per_batch - 1)).toBe(0);
  });

  const config = (settings: readonly string[]): Config =>
    resolveConfig(applySettings({}, ["rollouts.prompts=5", ...settings]), "test");
  const kindsOf = (size: number, settings: readonly string[] = [], step = 1): string[] =>
    mixedBatch(heldProblems(problems), filled(size), config(settings), continuation, { step, cursor: 0 }).map(
      ({ task }) => task.kind,
    );

  it("fills with code until the pool can fill its share", () => {
    expect(kindsOf(1)).toEqual(["code", "code", "code", "code", "code"]);
    expect(kindsOf(2)).toEqual(["code", "code", "code", "alignment", "alignment"]);
  });

  it("collects code first where the config says so, and learns from alignment alone after that", () => {
    const alone = ["alignment.share=1", "alignment.collectSteps=2"];
    expect(kindsOf(9, alone, 2)).toEqual(["code", "code", "code", "code", "code"]);
    expect(new Set(kindsOf(9, alone, 3))).toEqual(new Set(["alignment"]));
    const short = mixedBatch(heldProblems(problems), filled(1), config(alone), continuation, { step: 3, cursor: 0 });
    expect(isCollecting(short, config(alone), 3)).toBe(true);
  });

  it("follows the schedule of shares: alignment first, then code", () => {
    const first = [
      "alignment.shareSchedule=[{step: 2, share: 1}, {step: 3, share: 0.4}, {step: 4, share: 0}]",
      "alignment.source=references",
    ];
    const aligned = [1, 2, 3, 4, 5].map(
      (step) => kindsOf(9, first, step).filter((kind) => kind === "alignment").length,
    );
    expect(aligned).toEqual([5, 5, 2, 0, 0]);
  });

  it("goes through every problem once an epoch, in another order each", () => {
    const settings = ["rollouts.prompts=14", "alignment.share=0"];
    const texts = mixedBatch(heldProblems(problems), filled(0), config(settings), continuation, {
      step: 1,
      cursor: 0,
    }).map(({ text }) => text);
    expect(new Set(texts.slice(0, 7)).size).toBe(7);
    expect(new Set(texts.slice(7)).size).toBe(7);
    expect(texts.slice(0, 7)).not.toEqual(texts.slice(7));
  });
});

it("a share of less than one prompt is said to be none", () => {
  const notice = (...settings: string[]): string | null =>
    shareNotice(resolveConfig(applySettings({}, settings), "test"));
  expect(notice("rollouts.prompts=2")).toMatch(/a share of 0.4 of 2 prompts is less than one; .* to 3 or more/);
  expect(notice("rollouts.prompts=3")).toBeNull();
  expect(notice("rollouts.prompts=2", "alignment.share=0")).toBeNull();
});

it("a pool that never fills is said to be short, once, with what the programs lacked", () => {
  const watched = (size: (step: number) => number, ...settings: string[]): Array<string | null> => {
    const watch = poolWatch(resolveConfig(applySettings({}, ["rollouts.prompts=5", ...settings]), "test"));
    return Array.from({ length: 30 }, (_, i) =>
      watch({
        step: i + 1,
        "alignment/pool_size": size(i + 1),
        "alignment/candidates": 8,
        "alignment/dropped_passed": 5,
        "alignment/dropped_raised": 3,
      }),
    );
  };
  const said = watched(() => 1, "alignment.collectSteps=3");
  expect(said.flatMap((text, i) => (text === null ? [] : [i + 1]))).toEqual([13]);
  expect(said[12]).toMatch(/step 13 the pool holds 1 of the 2 .*; of 80 programs 50 passed, 30 raised were left out/);
  expect(new Set(watched((step) => (step === 9 ? 2 : 0)))).toEqual(new Set([null]));
  expect(new Set(watched(() => 0, "alignment.share=0"))).toEqual(new Set([null]));
  expect(watched(() => 0, "alignment.source=references", "alignment.share=1")[0]).toMatch(/0 of the 5/);
});

describe("advantages over groups", () => {
  const group = (rewards: Array<number | null>, kind = "code"): GradedGroup =>
    ({
      prompt: { task: { kind } },
      rollouts: rewards.map((reward) => ({ reward, sample: { tokens: [1] } })),
    }) as unknown as GradedGroup;
  const of = (algorithm: string, ...groups: GradedGroup[]): Advantages =>
    advantagesOf(groups, resolveConfig(applySettings({}, [`algorithm=${algorithm}`]), "test"));

  it("leave out rollouts without a reward", () => {
    expect(of("dr-grpo", group([1, null, 0]), group([null, null]), group([1, 1]))).toEqual([
      [0.5, null, -0.5],
      [null, null],
      [0, 0],
    ]);
  });

  it.each(["reinforce-plus-plus", "reinforce-plus-plus-baseline"])(
    "of each task are what they are without the other in %s",
    (algorithm) => {
      const code = group([1, 0, 0, 0]);
      const alignment = group([0.75, 1, 1, null, 1], "alignment");
      expect(of(algorithm, code, alignment)).toEqual([...of(algorithm, code), ...of(algorithm, alignment)]);
      expect(of(algorithm, alignment, code)).toEqual([...of(algorithm, alignment), ...of(algorithm, code)]);
    },
  );
});

it("a group whose judged rollouts have earned the same has no spread, whatever the judge failed on", () => {
  const group = (...rewards: Array<number | null>): GradedGroup =>
    ({
      prompt: { task: { kind: "code" } },
      rollouts: rewards.map((reward) => ({ reward, rewardParts: {}, sample: { tokens: [1] } })),
    }) as unknown as GradedGroup;
  const learnt = [group(1, null, 1), group(null, 0, 0), group(null, null), group(null, 0, 1)];
  const batch = { learnt, left: [], isCollected: false, rounds: 1 };
  const pool = new AlignmentPool({ capacity: 1, sampling: "recent" });
  const metrics = stepMetrics({ step: 1, batch, funnel: emptyFunnel(), pool, update: notUpdated, clock: new Clock() });
  expect(metrics["code/zero_spread_groups"]).toBe(0.75);
  expect(metrics["code/infrastructure"]).toBe(5);
  expect(Object.values(metrics)).not.toContain(Number.NaN);
});
