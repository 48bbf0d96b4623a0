import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  benchmarkNamed,
  type EvaluationInfo,
  evaluate,
  openSandbox,
  type Policy,
  summarise,
  taskHash,
  taskPath,
} from "./index.js";
import { evaluationSchema } from "./runs/schemas.js";

const folder = mkdtempSync(join(tmpdir(), "coderlplus-library-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a program evaluates a policy of its own with what the library exports", async () => {
  const benchmark = benchmarkNamed("humaneval");
  const path = taskPath(benchmark);
  const tasks = (await benchmark.load(path)).slice(0, 2);
  const [known] = tasks;
  const policy: Policy = {
    name: "knows-one",
    identity: { version: "1" },
    async complete(requests, onFinished) {
      for (const [place, { task }] of requests.entries()) {
        const text = (task === known.id && known.solution?.("official")) || "```python\n    return None\n```";
        onFinished(place, 0, { text, stopReason: "stop", promptTokens: null, completionTokens: null });
      }
    },
    close: async () => {},
  };
  const info: EvaluationInfo = {
    benchmark: benchmark.name,
    policy: policy.name,
    identity: policy.identity,
    step: 0,
    prompts: "official",
    decoding: benchmark.decoding.official,
    seed: 0,
    dataSha256: taskHash(path),
    tasks: tasks.length,
  };
  const sandbox = await openSandbox({ workers: 1 });
  const samples = (await evaluate(tasks, info, { policy, sandbox }, { folder })) ?? [];
  await sandbox.close();
  expect(samples.map(({ grade }) => grade.strict.kind)).toEqual(["right", "wrong"]);
  const summary = evaluationSchema.parse(summarise(info, samples));
  expect(summary.metrics["pass_at_1"]?.value).toBe(0.5);
});
