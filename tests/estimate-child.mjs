// A process of its own, whose memory tests/estimate.test.ts reads: opens an engine, samples and trains, and prints its
// peak in bytes. Plain JavaScript, as an installed package: what compiles TypeScript as it loads has memory of its own.
// Its arguments: the engine's module, compiled; options and workload in JSON.

const { openEmbedded } = await import(process.argv[2]);
const { options, workload } = JSON.parse(process.argv[3]);
let last = 1;
const tokens = (length) => Array.from({ length }, () => 2 + ((last = (75 * last + 74) % 65_537) % 248));
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
  await engine.forwardBackward(datums, {
    kind: "policy",
    objective: "token-ratio",
    klEstimator: "k3",
    clipLow: 0.2,
    clipHigh: 0.2,
    dualClip: null,
    klCoefficient: 0,
  });
  await engine.optimStep({
    learningRate: 1e-4,
    beta1: 0.9,
    beta2: 0.99,
    epsilon: 1e-8,
    weightDecay: 0,
    gradientClip: 1,
  });
}
process.stdout.write(`${process.resourceUsage().maxRSS * 1024}\n`);
await engine.close();
