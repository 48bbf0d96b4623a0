// Train and sample a model on a server of the Tinker protocol. In another terminal: npx coderlplus serve-engine
//   TINKER_BASE_URL=http://127.0.0.1:8090 npx tsx examples/tinker.ts

import { openTinker, type WireDatum } from "coderlplus/tinker";

const tinker = await openTinker({ onNotice: (line) => console.error(line) });
const { models } = await tinker.capabilities();
const baseModel = models[0].name;
const model = await tinker.createModel({ baseModel, lora: { rank: 8, seed: 1 } });

// Some tokens to learn by heart: each is to be followed by the next.
const tokens = [5, 9, 5, 9, 5, 9, 5, 9];
const datum: WireDatum = {
  modelInput: tokens.slice(0, -1),
  lossInputs: {
    target_tokens: { dtype: "int64", data: tokens.slice(1) },
    weights: { dtype: "float32", data: new Float32Array(tokens.length - 1).fill(1) },
  },
};
const adam = { learningRate: 0.003, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0, gradientClip: 1 };
for (let step = 1; step <= 8; step++) {
  // Called back to back, awaited together: the server has the step at hand when the gradient is done.
  const passed = model.forwardBackward([datum], { name: "cross_entropy" });
  const stepped = model.optimStep(adam);
  const [{ outputs }] = await Promise.all([passed, stepped]);
  const total = outputs[0]["logprobs"].reduce((sum, logprob) => sum + logprob, 0);
  console.log(`step ${step}: ${total.toFixed(2)} nats`);
}

const sampler = await model.sampler();
const { sequences } = await sampler.sample({
  prompt: [5, 9, 5],
  count: 1,
  parameters: { maxTokens: 5, temperature: 0 },
  promptLogprobs: false,
  topkPromptLogprobs: 0,
});
console.log("then", sequences[0].tokens);
await model.unload();
await tinker.close();
