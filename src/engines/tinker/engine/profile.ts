// What servers of the Tinker protocol differ in, so far as an update or a sample depends on it.

export interface Profile {
  readonly name: string;
  /** What one forward_backward is the gradient of: the sum over tokens, or the mean over sequences of weighted means. */
  readonly reduction: "sum" | "sequence-mean";
  /** Losses that the server really computes. */
  readonly losses: readonly string[];
  /** Whether `weights` may stand beside advantages, as a mask. */
  readonly weightsWithAdvantages: boolean;
  /** Which of Adam's settings count; the rest are the server's own. */
  readonly honours: ReadonlyArray<"beta1" | "beta2" | "epsilon" | "weightDecay" | "gradientClip">;
  /** LoRA rank 0. */
  readonly trainsAllWeights: boolean;
  readonly maximumRank: number | null;
  /** Where logprobs of the frozen reference come from. */
  readonly reference: "base-sampler" | "second-model" | null;
  /** The optim_step metric that is the gradient's norm before clipping, without its reduction. */
  readonly gradientNorm: string | null;
  /** Whether sampled logprobs are those at temperature 1, whatever is drawn with. */
  readonly untemperedLogprobs: boolean;
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
