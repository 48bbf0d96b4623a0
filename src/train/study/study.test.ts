import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readPlan } from "./plan.js";

const shipped = new URL("../../../studies/", import.meta.url).pathname;

function plan(text: string): ReturnType<typeof readPlan> {
  const path = join(mkdtempSync(join(tmpdir(), "coderlplus-study-")), "study.yaml");
  writeFileSync(path, text);
  return readPlan(path, { folder: "out" });
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
    const { models } = plan(study("models: {clean: {pretrain: {dirty-steps: 0, seed: 1}}}"));
    expect(models[0]?.command.join(" ")).toBe("pretrain --out out/models/clean --dirty-steps 0 --seed 1");
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
