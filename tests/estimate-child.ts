// A process of its own, whose memory tests/estimate.test.ts reads: opens an engine, samples and trains, and prints by
// how many bytes its peak is above where it began.

import type { EmbeddedOptions } from "../src/engines/embedded/options.js";

const before = process.memoryUsage.rss();
const { openEmbedded } = await import("../src/engines/embedded/embedded.js");
const { Rng } = await import("../src/core/rng.js");

const { options, workload } = JSON.parse(process.argv[2]) as {
  options: EmbeddedOptions;
  workload: { prompts: number; promptTokens: number; completionTokens: number; groupSize: number };
};
const rng = Rng.of("estimate");
const tokens = (length: number): number[] => Array.from({ length }, () => rng.integer(2, 250));
const engine = await openEmbedded(options);
const requests = Array.from({ length: workload.prompts }, (_, index) => ({
  prompt: tokens(workload.promptTokens),
  count: workload.groupSize,
  maxTokens: workload.completionTokens,
  temperature: 1,
  seeds: Array.from({ length: workload.groupSize }, (__, seed) => `${index} ${seed}`),
}));
for (let step = 0; step < 2; step++) {
  await engine.sample(requests);
  const datums = requests.flatMap(({ prompt, count }, request) =>
    Array.from({ length: count }, () => ({
      prompt,
      completion: tokens(workload.completionTokens),
      weights: new Float32Array(workload.completionTokens).fill(0.01),
      // The first has no gradient and is only scored.
      advantages: new Float32Array(workload.completionTokens).fill(Math.sign(request)),
      oldLogprobs: new Float32Array(workload.completionTokens).fill(-5),
    })),
  );
  const loss = {
    kind: "policy",
    objective: "token-ratio",
    klEstimator: "k3",
    clipLow: 0.2,
    clipHigh: 0.2,
    dualClip: null,
    klCoefficient: 0,
  } as const;
  await engine.forwardBackward(datums, loss);
  await engine.optimStep({
    learningRate: 1e-4,
    beta1: 0.9,
    beta2: 0.99,
    epsilon: 1e-8,
    weightDecay: 0,
    gradientClip: 1,
  });
}
process.stdout.write(`${process.resourceUsage().maxRSS * 1024 - before}\n`);
await engine.close();
