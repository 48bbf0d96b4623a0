import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestModel, removeTestModels } from "../engines/embedded/test-model.js";
import { type PolicyFlags, policyFrom } from "./eval-policy.js";

const root = mkdtempSync(join(tmpdir(), "coderlplus-policy-"));
const run = join(root, "mine-1");
const model = join(root, "plain model");
afterAll(() => {
  removeTestModels();
  rmSync(root, { recursive: true, force: true });
});

beforeAll(() => {
  const { folder } = createTestModel();
  cpSync(folder, model, { recursive: true });
  mkdirSync(run);
  writeFileSync(join(run, "run.json"), "{}");
  for (const step of ["000002", "000010"])
    cpSync(folder, join(run, "checkpoints", `step-${step}`), { recursive: true });
});

const flags = { seed: 0, concurrency: 4, samplesPerRequest: 1, timeout: 60 };
const of = (more: Partial<PolicyFlags>): ReturnType<typeof policyFrom> => policyFrom({ ...flags, ...more });

describe("the policy that a person names", () => {
  it("is a run's newest checkpoint, another one of it, or its best; kept in the run", async () => {
    const newest = await of({ engine: run });
    expect(newest).toMatchObject({ step: 10, folder: join(run, "eval"), policy: { name: "mine-1" } });
    expect(await of({ engine: run, checkpoint: 2 })).toMatchObject({ step: 2 });
    await expect(of({ engine: run, checkpoint: 3 })).rejects.toThrow(
      "no checkpoint of step 3; it has those of steps 2, 10",
    );
    await expect(of({ engine: run, checkpoint: "best" })).rejects.toThrow("has no best checkpoint");
    writeFileSync(join(run, "best.json"), JSON.stringify({ measure: "x", step: 2, value: 1, standardError: 0 }));
    expect(await of({ engine: run, checkpoint: "best" })).toMatchObject({ step: 2 });
    const folder = join(run, "checkpoints", "step-000002");
    expect(await of({ engine: `${folder}/` })).toMatchObject({ step: 2, policy: { name: "mine-1" } });
  });

  it("is a model folder, told from others by its weights, or the bundled model", async () => {
    const plain = await of({ engine: model });
    expect(plain).toMatchObject({ step: 0, folder: join("runs", "evaluations", "plain-model") });
    expect(plain.policy.identity["weights"]).toMatch(/^[0-9a-f]{64}$/);
    const bundled = await of({ engine: "bundled" });
    expect(bundled.folder).toBe(join("runs", "evaluations", "bundled"));
    expect(bundled.policy.identity).not.toEqual(plain.policy.identity);
  });

  it("is an endpoint by its address and the model's name, without its key", async () => {
    process.env["CODERLPLUS_API_KEY"] = "secret";
    const { policy, folder } = await of({ endpoint: "http://localhost:1/v1/", model: "owner/Model-7B" });
    delete process.env["CODERLPLUS_API_KEY"];
    expect(policy.identity).toEqual({ endpoint: "http://localhost:1/v1", model: "owner/Model-7B" });
    expect(folder).toBe(join("runs", "evaluations", "owner-Model-7B"));
  });
});
