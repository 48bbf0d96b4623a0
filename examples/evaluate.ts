// A policy of one's own on a benchmark: whatever writes completions can be evaluated. Kept and resumed as by
// `coderlplus eval`, and read by `coderlplus compare`.
//   npx tsx examples/evaluate.ts

import { benchmarkNamed, evaluate, openSandbox, type Policy, summarise, taskHash, taskPath } from "coderlplus";

const policy: Policy = {
  name: "returns-none",
  identity: { version: "1" },
  async complete(requests, onFinished) {
    for (const [place, { samples }] of requests.entries()) {
      for (const sample of samples) {
        const text = "```python\n    return None\n```";
        onFinished(place, sample, { text, stopReason: "stop", promptTokens: null, completionTokens: null });
      }
    }
  },
  close: async () => {},
};

const benchmark = benchmarkNamed("humaneval");
const path = taskPath(benchmark);
const tasks = (await benchmark.load(path)).slice(0, 3);
const info = {
  benchmark: benchmark.name,
  policy: policy.name,
  identity: policy.identity,
  step: 0,
  prompts: "official",
  decoding: benchmark.decoding.official,
  seed: 0,
  dataSha256: taskHash(path),
  tasks: tasks.length,
} as const;

const sandbox = await openSandbox({ workers: 1 });
const samples = await evaluate(tasks, info, { policy, sandbox }, { folder: "runs/evaluations/returns-none" });
await sandbox.close();
if (samples) console.log(summarise(info, samples));
