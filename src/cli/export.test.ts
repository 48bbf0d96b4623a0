import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, describe, expect, it } from "vitest";
import { UsageError } from "../core/errors.js";
import { LORA_TARGETS } from "../engines/embedded/adapters/layout.js";
import { openEmbedded } from "../engines/embedded/embedded.js";
import { createTestModel, removeTestModels } from "../engines/embedded/test-model.js";
import { registerExport } from "./export.js";

const scratch = mkdtempSync(join(tmpdir(), "coderlplus-export-"));
afterAll(() => {
  removeTestModels();
  rmSync(scratch, { recursive: true, force: true });
});

const { folder } = createTestModel();
const MODEL_FILES = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];
const weightsOf = (of: string): Buffer => readFileSync(join(of, "model.safetensors"));

async function run(...args: string[]): Promise<string> {
  const written: string[] = [];
  const program = new Command();
  registerExport(program, (text) => written.push(text));
  await program.parseAsync(["export", ...args], { from: "user" });
  return written.join("");
}

/** A checkpoint of adapters after one step, in a run's folder. */
async function checkpoint(run: string, step: string): Promise<string> {
  const path = join(scratch, run, "checkpoints", step);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(scratch, run, "run.json"), "{}");
  const lora = { rank: 2, alpha: 4, targets: LORA_TARGETS, seed: step };
  const engine = await openEmbedded({ model: folder, threads: 1, lora });
  try {
    const datum = { prompt: [3], completion: [4, 5], weights: Float32Array.of(1, 1) };
    await engine.forwardBackward([datum], { kind: "cross-entropy" });
    const adam = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, gradientClip: 1 };
    await engine.optimStep({ ...adam, learningRate: 1e-2 });
    await engine.save(path, { optimizer: true });
  } finally {
    await engine.close();
  }
  return path;
}

describe("export", () => {
  it("writes a run's newest or chosen checkpoint without what belongs to the training", async () => {
    const [first, second] = [await checkpoint("run", "step-000001"), await checkpoint("run", "step-000002")];
    const [newest, chosen] = [join(scratch, "newest"), join(scratch, "chosen")];
    const result = JSON.parse(await run("--run", join(scratch, "run"), "--out", newest, "--json")) as object;
    expect(result).toMatchObject({ out: newest, model: second, type: "f32" });
    expect(readdirSync(newest).sort()).toEqual(MODEL_FILES);
    expect(weightsOf(newest)).toEqual(weightsOf(second));
    expect(await run("--run", join(scratch, "run"), "--step", "1", "--out", chosen)).toMatch(/; step 1\n$/);
    expect(weightsOf(chosen)).toEqual(weightsOf(first));
    const best = { measure: "all_right", step: 1, value: 0.125, standardError: 0.1 };
    writeFileSync(join(scratch, "run", "best.json"), JSON.stringify(best));
    const text = await run("--run", join(scratch, "run"), "--best", "--out", join(scratch, "best"));
    expect(text).toMatch(/; step 1, the best by all_right \(12\.5 %\)\n$/);
    const json = await run("--run", join(scratch, "run"), "--best", "--out", join(scratch, "best-2"), "--json");
    expect(JSON.parse(json)).toMatchObject({ model: first, step: 1, best });
  });

  it("merges adapters into their base, as the checkpoint does", async () => {
    const path = await checkpoint("merge", "step-000001");
    const out = join(scratch, "merged");
    await run("--model", folder, "--adapter", join(path, "adapter"), "--out", out);
    expect(weightsOf(out)).toEqual(weightsOf(path));
    expect(weightsOf(out)).not.toEqual(weightsOf(folder));
    await expect(run("--model", path, "--adapter", join(path, "adapter"), "--out", join(scratch, "x"))).rejects.toThrow(
      "merged into its weights already",
    );
  });

  it("stores the type that is asked for and says so in config.json", async () => {
    for (const [type, name] of [
      ["bf16", "bfloat16"],
      ["f16", "float16"],
    ]) {
      const out = join(scratch, type);
      expect(await run("--model", folder, "--out", out, "--type", type)).toContain(`parameters as ${type}`);
      expect(weightsOf(out).length).toBeLessThan(weightsOf(folder).length * 0.6);
      expect(JSON.parse(readFileSync(join(out, "config.json"), "utf8"))).toMatchObject({ torch_dtype: name });
    }
  });

  it("leaves what is there as it is, and nothing half-made behind", async () => {
    const out = join(scratch, "occupied");
    mkdirSync(out);
    await expect(run("--model", folder, "--out", out)).rejects.toThrow(UsageError);
    expect(readdirSync(out)).toEqual([]);
    const broken = join(scratch, "broken");
    await expect(run("--model", folder, "--adapter", scratch, "--out", broken)).rejects.toThrow("adapter_config.json");
    expect(readdirSync(scratch).filter((name) => name.startsWith("broken"))).toEqual([]);
    await expect(run("--out", broken)).rejects.toThrow("nothing to export");
    mkdirSync(join(scratch, "empty"));
    writeFileSync(join(scratch, "empty", "run.json"), "{}");
    await expect(run("--run", join(scratch, "empty"), "--out", broken)).rejects.toThrow(
      "has no checkpoint; it has none",
    );
    expect(existsSync(broken)).toBe(false);
  });
});
