import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { prepareRun } from "../run.js";
import { studyFile } from "./file.js";
import { type Plan, type PlanOptions, readPlan } from "./plan.js";
import { swapRows } from "./report.js";
import { neededSources, settleChanges } from "./runner.js";
import { stateOf } from "./state.js";
import { Times } from "./times.js";

const shipped = new URL("../../../studies/", import.meta.url).pathname;

function plan(text: string, folder = "out", options: PlanOptions = {}): Plan {
  const path = join(mkdtempSync(join(tmpdir(), "coderlplus-study-")), "study.yaml");
  writeFileSync(path, text);
  return readPlan(path, { folder, ...options });
}

const study = (more: string): string => `
name: test
question: Which?
seeds: [3, 5]
settings: {train.steps: 7}
baseline: a
variants:
  a: {recipe: grpo}
${more}`;

describe("what is there already", () => {
  const text = study("  b: {stages: [{recipe: grpo}, {recipe: coderlplus}]}");
  const folder = mkdtempSync(join(tmpdir(), "coderlplus-study-"));
  const begin = async ({ jobs }: Plan): Promise<void> => {
    for (const { tasks } of jobs) {
      for (const { config, path } of tasks.slice(0, 1)) (await prepareRun(config, path)).release();
    }
  };

  it("stays where it is what the study asks for, and is an error that names the difference where it is not", async () => {
    const asked = plan(text, folder);
    await begin(asked);
    settleChanges(asked, false);
    expect(asked.jobs.map(({ tasks }) => stateOf(tasks[0]).kind)).toEqual(Array(4).fill("unfinished"));
    const changed = plan(text.replace("b: {stages: [{recipe: grpo}", "b: {stages: [{recipe: coderlplus}"), folder);
    expect(() => settleChanges(changed, false)).toThrow(
      /b.seed-3\.stage-1: was made otherwise: alignment\.share is 0 there and 0\.4 here; --fresh/,
    );
    settleChanges(changed, true);
    expect(changed.jobs.map(({ tasks }) => stateOf(tasks[0]).kind)).toEqual([
      "unfinished",
      "missing",
      "unfinished",
      "missing",
    ]);
  });

  it("ends nothing where it is not asked for, and is named", async () => {
    const asked = plan(text, mkdtempSync(join(tmpdir(), "coderlplus-study-")));
    await begin(asked);
    const changed = plan(
      text.replace("b: {stages: [{recipe: grpo}", "b: {stages: [{recipe: coderlplus}"),
      asked.folder,
    );
    const only = changed.jobs.filter(({ variant }) => variant === "a");
    for (const fresh of [false, true]) {
      expect(settleChanges(changed, fresh, only)).toEqual([
        expect.stringMatching(/b.seed-3\.stage-1: was made otherwise: alignment\.share is 0 there/),
        expect.stringMatching(/b.seed-5\.stage-1/),
      ]);
    }
    expect(stateOf(changed.jobs[1].tasks[0]).kind).toBe("changed");
  });

  it("is begun anew where a kill left half of its first files", async () => {
    const asked = plan(text, mkdtempSync(join(tmpdir(), "coderlplus-study-")));
    await begin(asked);
    const [task] = asked.jobs[0].tasks;
    rmSync(join(task.path, "config.yaml"));
    expect(stateOf(task).kind).toBe("missing");
  });
});

describe("what is left to do", () => {
  it("is reckoned from what was measured: the same variant's seeds, then steps", () => {
    const { jobs } = plan(
      study("  b: {recipe: coderlplus, settings: {train.steps: 14}}"),
      mkdtempSync(join(tmpdir(), "times-")),
    );
    const tasks = jobs.map(({ tasks: [task] }) => task);
    const times = new Times(mkdtempSync(join(tmpdir(), "coderlplus-study-")));
    expect(times.expected(tasks[0], tasks)).toBeNull();
    times.add(tasks[0], 4, false);
    expect(times.measured(tasks[0])).toBeNull();
    times.add(tasks[0], 10, true);
    expect(times.measured(tasks[0])).toBe(14);
    expect(tasks.slice(1).map((task) => times.expected(task, tasks))).toEqual([28, 14, 28]);
    times.add(tasks[1], 70, true);
    expect(tasks.slice(2).map((task) => times.expected(task, tasks))).toEqual([14, 70]);
  });
});

describe("the studies that ship with the package", () => {
  it.each(readdirSync(shipped))("%s: every variant has a valid config of its own", (name) => {
    const { study, jobs } = readPlan(join(shipped, name));
    expect(name).toBe(`${study.name}.yaml`);
    const first = jobs.filter(({ seed }) => seed === study.seeds[0]);
    const configs = first.map(({ tasks }) => JSON.stringify(tasks.map(({ config }) => ({ ...config, recipe: "" }))));
    expect(new Set(configs).size).toBe(Object.keys(study.variants).length);
  });
});

describe("a study's plan", () => {
  it("goes through all variants of a seed before the next seed", () => {
    const { jobs } = plan(study("  b: {recipe: coderlplus, settings: {alignment.share: 0.2}}"));
    expect(jobs.map(({ variant, seed }) => `${variant} ${seed}`)).toEqual(["a 3", "b 3", "a 5", "b 5"]);
    expect(jobs[3]?.tasks[0]?.config).toMatchObject({ seed: 5, alignment: { share: 0.2 }, train: { steps: 7 } });
  });

  it("begins a stage with the model that the one before it made", () => {
    const { jobs } = plan(
      study("  b: {model: m, stages: [{recipe: grpo}, {recipe: coderlplus}]}\nmodels: {m: {pretrain: {seed: 4}}}"),
    );
    const [first, second] = jobs[1]?.tasks ?? [];
    expect(first).toMatchObject({ path: "out/b/seed-3.stage-1", config: { engine: { model: "out/models/m" } } });
    expect(second?.path).toBe("out/b/seed-3");
    expect(second?.config.engine.model).toBe("out/b/seed-3.stage-1/checkpoints/step-000007");
  });

  it("makes its models by our own verbs", () => {
    const { sources } = plan(study("models: {clean: {pretrain: {dirty-steps: 0, seed: 1}}}"));
    expect(sources).toMatchObject([
      { command: "pretrain --out out/models/clean --dirty-steps 0 --seed 1".split(" "), path: "out/models/clean" },
    ]);
  });

  it("teaches a model from demonstrations that it makes before", () => {
    const taught = plan(
      study(`  b: {recipe: coderlplus, model: taught}
demonstrations: {asked: {task: "code,mixed", count: 9}, unused: {task: code}}
models: {taught: {recipe: sft, data: asked, settings: {train.steps: 21}}, clean: {pretrain: {dirty-steps: 0}}}`),
    );
    const [file, , model] = taught.sources;
    expect(file).toMatchObject({
      command: "data demonstrate --out out/demonstrations/asked.jsonl --task code,mixed --count 9".split(" "),
    });
    expect(model).toMatchObject({
      path: "out/models/taught",
      config: { supervised: { data: file.path }, train: { steps: 21 } },
    });
    expect(taught.jobs[1].tasks[0].config.engine.model).toBe("out/models/taught/checkpoints/step-000021");
    expect(neededSources(taught, taught.jobs)).toEqual([file, model]);
    expect(neededSources(taught, [taught.jobs[0]])).toEqual([]);
  });

  it("sets for all trainings what each of them reads, and for one what it must read", () => {
    const common = "settings: {rollouts.prompts: 6, evaluation.problems: 9}";
    const staged = (own: string): string =>
      study(`  b: {stages: [{recipe: sft, data: asked, settings: {train.steps: 21${own}}}, {recipe: grpo}]}
demonstrations: {asked: {task: code}}`).replace("settings: {train.steps: 7}", common);
    const [first, second] = plan(staged("")).jobs[1].tasks;
    expect(first.config.evaluation.problems).toBe(9);
    expect(second.config.rollouts.prompts).toBe(6);
    expect(() => plan(staged(", rollouts.prompts: 6"))).toThrow(
      /stages\[0\]: rollouts\.prompts means nothing to a sup/,
    );
  });

  it("reaches supervised trainings by what is named for them, and nobody else by that", () => {
    const text = study(`  b: {stages: [{recipe: sft, data: asked, settings: {train.steps: 21}}, {recipe: grpo}]}
demonstrations: {asked: {task: code}}`);
    const settings = ["train.steps=2", "optimizer.learningRate=0.5", "evaluation.problems=4", "supervised.batch=3"];
    const [first, second] = plan(text, "out", { settings }).jobs[1].tasks;
    expect(first.config).toMatchObject({
      train: { steps: 21 },
      optimizer: { learningRate: 5e-4 },
      supervised: { batch: 3 },
    });
    expect(second.config).toMatchObject({ train: { steps: 2 }, optimizer: { learningRate: 0.5 }, supervised: null });
    for (const { config } of [first, second]) expect(config.evaluation.problems).toBe(4);
    const named = plan(text.replace("settings: {", 'settings: {"sft:supervised.batch": 5, '), "out", {
      settings: ["sft:train.steps=13"],
    });
    expect(named.jobs[1].tasks.map(({ config }) => config.train.steps)).toEqual([13, 7]);
    expect(named.jobs[1].tasks[0].config.supervised?.batch).toBe(5);
    expect(() => plan(study(""), "out", { settings: ["sft:train.steps=3"] })).toThrow(/no sft in this study/);
  });

  it("refuses what is wrong with a variant where that is asked for, and else leaves it out", () => {
    const text = study(`  b: {recipe: coderlplus}
  c: {recipe: grpo, model: m}
models: {m: {recipe: grpo, settings: {alignment.passedTests: some, alignment.source: passed}}}`);
    const settings = ["pool.capacity=1"];
    expect(() => plan(text, "out", { settings })).toThrow(/models\.m/);
    expect(() => plan(text, "out", { settings, only: ["a", "b"] })).toThrow(/variants\.b: pool\.capacity is 1/);
    const { jobs, unusable, sources } = plan(text, "out", { settings, only: ["a"] });
    expect(jobs.map(({ variant }) => variant)).toEqual(["a", "a"]);
    expect(sources).toEqual([]);
    expect(unusable).toEqual([expect.stringMatching(/models\.m/), expect.stringMatching(/variants\.b: pool/)]);
  });

  it("has a row a writer and a checker in the table of a swap, which fits a terminal", () => {
    const interval = { difference: 0.0123, low: -0.0456, high: 0.0789 };
    const names = ["alignment-first-fresh", "grpo"];
    const swap = names.flatMap((programs) =>
      names.map((checker) => {
        const against = programs === checker ? null : interval;
        return { programs, checker, value: 0.678, spread: 0.012, byChecker: against, byPrograms: against };
      }),
    );
    const rows = swapRows({ swap } as unknown as Parameters<typeof swapRows>[0]);
    expect(rows).toHaveLength(5);
    expect(rows[2]).toEqual([names[0], "grpo", "67.8 ± 1.2", "+1.2 [-4.6, +7.9]", "+1.2 [-4.6, +7.9]"]);
  });

  it("finds a study that ships with the package by its name, from wherever it is asked", () => {
    expect(studyFile("first")).toBe(join(shipped, "first.yaml"));
    expect(studyFile("mine/first.yaml")).toBe("mine/first.yaml");
    expect(() => studyFile("frist")).toThrow(/unknown study "frist" \(did you mean "first"\?\)/);
  });

  it.each([
    ["an unknown key", study("basline: b"), /unknown key "basline" \(did you mean "baseline"\?\)/],
    [
      "an unknown config key",
      study("  b: {recipe: grpo, settings: {train.step: 3}}"),
      /variants\.b: .*"step".*"steps"/,
    ],
    ["an unknown recipe", study("  b: {recipe: grop}"), /"grop" \(did you mean "grpo"\?\)/],
    ["a variant without recipe or stages", study("  b: {settings: {}}"), /variants\.b.*recipe/],
    ["a baseline that is none", study("").replace("baseline: a", "baseline: c"), /baseline: there is no "c"/],
    ["a swap of a stranger", study("swap: [a, z]"), /swap: there is no "z"/],
    ["a model that is not made", study("  b: {recipe: grpo, model: m}"), /variants\.b\.model: there is no "m"/],
    [
      "demonstrations that are not made",
      study("  b: {stages: [{recipe: sft, data: d}]}"),
      /variants\.b\.stages\[0\]\.data: there is no "d"/,
    ],
    ["a measure that is none", study("measures: [self_check_at_3]"), /measures\[0\].*self_check_at_3/],
    [
      "an sft stage that says how long in epochs",
      study("  b: {recipe: sft, settings: {supervised.data: d.jsonl, supervised.epochs: 2}}").replace(
        "train.steps: 7",
        "",
      ),
      /variants\.b: .*train\.steps instead of supervised\.epochs/,
    ],
    ["a seed twice", study("").replace("[3, 5]", "[3, 3]"), /seeds: 3 is there twice/],
  ])("refuses %s", (_, text, message) => {
    expect(() => plan(text)).toThrow(message);
  });
});
