// What servers of the Tinker protocol differ in, so far as an update or a sample depends on it. Read from their source
// (docs/tinker-engine.md says of which version); nothing here asks a server (detect.ts).

/** Adam's settings beside the learning rate, which every server takes from the request. */
export type AdamSetting = "beta1" | "beta2" | "epsilon" | "weightDecay" | "gradientClip";

export interface Profile {
  readonly name: ProfileName;
  /** What one forward_backward is the gradient of: the sum over tokens, or the mean over sequences of weighted means. */
  readonly reduction: "sum" | "sequence-mean";
  /** Losses that the server computes as the protocol defines them, of those that are asked for here. */
  readonly losses: ReadonlyArray<"cross_entropy" | "ppo" | "cispo">;
  /** What the server has in place of the request's, unless it was started with other values; a clip of 0 is none. */
  readonly fixedAdam: Readonly<Partial<Record<AdamSetting, number>>>;
  /** LoRA rank 0. */
  readonly trainsAllWeights: boolean;
  /** Where logprobs of the frozen reference come from. */
  readonly reference: "base-sampler" | "second-model" | null;
  /** The optim_step metric that is the gradient's norm before clipping. */
  readonly gradientNorm: string | null;
  /** Whether sampled logprobs are those at temperature 1, whatever is drawn with. */
  readonly untemperedLogprobs: boolean;
  /** Whether a sampler keeps its weights while training goes on; else calls are made in turn. */
  readonly keepsSamplers: boolean;
}

export const profileNames = [
  "hosted",
  "skyrl-jax",
  "skyrl-fsdp",
  "skyrl-megatron",
  "tuft",
  "opentinker",
  "coderlplus",
] as const;
export type ProfileName = (typeof profileNames)[number];

/** Sums, trains adapters only, takes all of Adam's settings, and samples from a model of its own. */
const plain = {
  reduction: "sum",
  losses: ["cross_entropy", "ppo", "cispo"],
  fixedAdam: {},
  trainsAllWeights: false,
  reference: "base-sampler",
  gradientNorm: null,
  untemperedLogprobs: false,
  keepsSamplers: true,
} as const;

/** SkyRL's torch back ends: its cispo takes no bounds from the request, and one model samples and trains. */
const skyrlTorch = {
  ...plain,
  losses: ["cross_entropy", "ppo"],
  fixedAdam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, gradientClip: 1 },
  trainsAllWeights: true,
  reference: null,
  gradientNorm: "skyrl.ai/grad_norm",
  untemperedLogprobs: true,
  keepsSamplers: false,
} as const;

export const profiles: Readonly<Record<ProfileName, Profile>> = {
  hosted: { ...plain, name: "hosted" },
  "skyrl-jax": {
    ...plain,
    name: "skyrl-jax",
    reduction: "sequence-mean",
    fixedAdam: { gradientClip: 0 },
    gradientNorm: "skyrl.ai/grad_norm",
    untemperedLogprobs: true,
    // A sampler's weights are put into the place of those in training.
    keepsSamplers: false,
  },
  "skyrl-fsdp": { ...skyrlTorch, name: "skyrl-fsdp" },
  "skyrl-megatron": { ...skyrlTorch, name: "skyrl-megatron" },
  tuft: { ...plain, name: "tuft" },
  opentinker: {
    ...plain,
    name: "opentinker",
    losses: ["cross_entropy"],
    reference: "second-model",
    gradientNorm: "grad_norm",
  },
  coderlplus: {
    ...plain,
    name: "coderlplus",
    trainsAllWeights: true,
    gradientNorm: "grad_norm",
    untemperedLogprobs: true,
  },
};
