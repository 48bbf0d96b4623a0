// Models that are trained on a server of the Tinker protocol: Ray and its graphics processors do the heavy work, the loop
// stays here. docs/reproduce-the-paper.md says how each server is started, and which of this was never run. Problems are
// PRIME's: `coderlplus data fetch eurus`, then the `data convert` that it names.

import type { ConfigInput } from "../config/schema.js";

/**
 * The paper's setting (arXiv 2510.18471) as far as it is known: 128 prompts of 8 rollouts, 60 % of them code, two updates
 * a step, two epochs: 26,758 coding rows, 77 a step. Its KL term of 0.001 needs a reference, which no server has beside a
 * model whose every weight is trained.
 */
const paper = {
  data: { train: "data/eurus.jsonl" },
  prompts: { dialect: "chat", maximumTokens: 1024 },
  rollouts: { prompts: 128, groupSize: 8, maximumTokens: 8192 },
  reward: { alignment: "paper" },
  alignment: { maximumAnswerTokens: 1024, maximumPerStep: null },
  policy: { dualClip: 3 },
  optimizer: { learningRate: 1e-6, warmUpSteps: 0, beta2: 0.999, weightDecay: 0.01 },
  train: { steps: 695 },
  judge: { workers: 8 },
  evaluation: { problems: 100 },
} satisfies ConfigInput;

const coder7b = "Qwen/Qwen2.5-Coder-7B-Instruct";

/** `coderlplus train qwen2.5-coder-7b`: every weight, on SkyRL's FSDP or Megatron back end. */
const qwenCoder7b: ConfigInput = {
  ...paper,
  recipe: "qwen2.5-coder-7b",
  engine: { kind: "tinker", model: coder7b, contextLength: 32_768, lora: null },
};

/**
 * `coderlplus train qwen2.5-coder-7b-lora`: adapters, for servers that train nothing else. The frozen weights are the
 * reference, so the paper's KL term is back; adapters want about ten times the learning rate.
 */
const qwenCoder7bLora: ConfigInput = {
  ...paper,
  recipe: "qwen2.5-coder-7b-lora",
  engine: { kind: "tinker", model: coder7b, contextLength: 32_768 },
  policy: { ...paper.policy, klCoefficient: 0.001 },
  optimizer: { ...paper.optimizer, learningRate: 1e-5 },
};

/** Shorter answers and a quarter of the prompts, one update a step: a first try, in hours. */
const smaller = {
  ...paper,
  rollouts: { prompts: 32, groupSize: 8, maximumTokens: 2048 },
  train: { steps: 200, miniBatches: 1 },
  judge: { workers: 4 },
} satisfies ConfigInput;

/** `coderlplus train qwen2.5-coder-1.5b`: every weight of the paper's family, where one graphics processor holds them. */
const qwenCoder1b: ConfigInput = {
  ...smaller,
  recipe: "qwen2.5-coder-1.5b",
  engine: { kind: "tinker", model: "Qwen/Qwen2.5-Coder-1.5B-Instruct", contextLength: 32_768, lora: null },
};

/**
 * `coderlplus train qwen3-4b`: adapters on a model that SkyRL's JAX back end has, which knows no Qwen2.5, and that answers
 * without thinking aloud first. The learning rate is that of the Tinker cookbook's own reinforcement.
 */
const qwen3: ConfigInput = {
  ...smaller,
  recipe: "qwen3-4b",
  engine: { kind: "tinker", model: "Qwen/Qwen3-4B-Instruct-2507", contextLength: 32_768 },
  // A second clip is no loss of a server's own, and takes a pass of its own over every update.
  policy: { dualClip: null },
  optimizer: { ...smaller.optimizer, learningRate: 4e-5 },
};

export const servers = {
  "qwen2.5-coder-7b": qwenCoder7b,
  "qwen2.5-coder-7b-lora": qwenCoder7bLora,
  "qwen2.5-coder-1.5b": qwenCoder1b,
  "qwen3-4b": qwen3,
} satisfies Record<string, ConfigInput>;
