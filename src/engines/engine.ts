// The seam between the loop and whatever holds the weights. Tinker's verbs, so that one loop drives every engine.
// Engines only sum: every aggregation, group size and task weight is folded into per-token weights before it comes
// here, and an engine returns the gradient of a plain sum over tokens.

import type { KlEstimator } from "../algorithms/kl.js";
import type { Objective, PolicyObjective } from "../algorithms/policy-loss.js";

export interface Tokenizer {
  readonly vocabularySize: number;
  /** Ids that end a completion. */
  readonly endIds: readonly number[];
  readonly padId: number;
  /** Text of the special tokens that a text begins with to this model, empty for many; a chat template has its own. */
  readonly start: string;
  encode(text: string): number[];
  /** Text of the ids; special tokens leave no text. */
  decode(ids: readonly number[]): string;
  /** The model's chat template over these messages, ready for the assistant's turn; undefined where it has none. */
  readonly chat: ((messages: ReadonlyArray<{ role: string; content: string }>) => string) | undefined;
}

export interface ModelInfo {
  readonly name: string;
  /** Prompt and completion together, in tokens. */
  readonly contextLength: number;
  readonly tokenizer: Tokenizer;
  /** Null where the engine does not know. */
  readonly parameters: number | null;
  /** Fewer than `parameters` where only adapters are trained. */
  readonly trainedParameters: number | null;
}

export interface SampleRequest {
  readonly prompt: readonly number[];
  /** Sequences to draw for this prompt. */
  readonly count: number;
  readonly maxTokens: number;
  /** 0 is greedy. Logprobs are always those of the policy at temperature 1. */
  readonly temperature: number;
  /** Draws from the fewest likeliest tokens whose probability, tempered, reaches this; 1, the default, keeps all. */
  readonly topP?: number;
  /** One seed a sequence: the same seed and prompt give the same tokens, whatever else is in the batch. */
  readonly seeds: readonly string[];
  /** Extra ids that end the sequence; they are kept as its last token. The tokenizer's end ids always do. */
  readonly stopIds?: readonly number[];
  /**
   * Texts behind which nothing is wanted: a sequence may end with the token that completes one, and an engine that looks
   * at no text goes on. Whoever asks cuts the text.
   */
  readonly stop?: readonly string[];
}

export interface Sample {
  readonly tokens: readonly number[];
  /** [T] log pi(token | before) of the policy that sampled, in nats. */
  readonly logprobs: Float32Array;
  readonly stopReason: "stop" | "length";
}

/** What sampling tells while it goes on. */
export type SampleEvent =
  /** Tokens drawn so far in this call. */
  | { readonly kind: "tokens"; readonly count: number }
  /** One sequence is done: the sample that the call will give at this place. Each is told once, in any order. */
  | { readonly kind: "finished"; readonly request: number; readonly sequence: number; readonly sample: Sample };

/** A prompt and a completion with one weight, advantage and old logprob for each completion token. */
export interface Datum {
  readonly prompt: readonly number[];
  readonly completion: readonly number[];
  /** [T] what one token's loss counts; 0 leaves it out. */
  readonly weights: Float32Array;
  /** [T]; only for the policy loss. */
  readonly advantages?: Float32Array;
  /** [T] logprobs of the policy that ratios are taken to; only for the policy loss. */
  readonly oldLogprobs?: Float32Array;
  /** [T] logprobs of the frozen reference; only where klCoefficient > 0. */
  readonly referenceLogprobs?: Float32Array;
}

export type Loss =
  /** sum_t w_t * -logprob_t */
  | { readonly kind: "cross-entropy" }
  /**
   * sum_t w_t * (policy_t + klCoefficient * kl_t), policy_t as `tokenLosses` in algorithms/policy-loss.ts defines it
   * for each objective. A sequence's ratio is over its tokens whose weight is not 0, and its gradient goes through the
   * mean; a clipped weight has none. kl_t is k1, k2 or k3 of algorithms/kl.ts with d = logprob - reference. The gradients
   * of k2 and k3 are their derivatives; that of k1, whose derivative is 0 in expectation whatever d is, is k2's: the
   * gradient of the divergence that k1 estimates.
   */
  | ({ readonly kind: "policy"; readonly klCoefficient: number; readonly klEstimator: KlEstimator } & PolicyObjective);

export interface LossOutput {
  /** The plain sum over all tokens of all datums. */
  readonly loss: number;
  /** [T] a datum: logprobs under the weights as they are now. */
  readonly logprobs: readonly Float32Array[];
  /** [T] a datum: entropy of the next-token distribution in nats; null where the engine gives none. */
  readonly entropies: readonly Float32Array[] | null;
}

export interface OptimStep {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Largest global gradient norm; the gradient is scaled down to it. */
  readonly gradientClip: number;
}

/** What a probe reads of one sequence: the stream at these places, counted from 0. */
export interface HiddenStateRequest {
  readonly tokens: readonly number[];
  readonly positions: readonly number[];
}

interface Capabilities {
  readonly objectives: readonly Objective[];
  readonly dualClip: boolean;
  /** As terms of the loss; empty where the engine has no KL term. */
  readonly klEstimators: readonly KlEstimator[];
  /** Whether `logprobs` can be asked for the frozen reference's. */
  readonly reference: boolean;
  /** Whether {@link LossOutput.entropies} are known. */
  readonly entropy: boolean;
  /** Whether {@link Engine.optimStep} tells the norm. */
  readonly gradientNorm: boolean;
  /** Whether a sample's logprobs are those at temperature 1 whatever it was drawn with, as the seam has them. */
  readonly untemperedLogprobs: boolean;
  /** Whether {@link SampleRequest.topP} may be below 1. */
  readonly topP: boolean;
  /** Whether `sample` goes on, with the weights it began with, while updates are made; else calls run in turn. */
  readonly concurrent: boolean;
  /** What {@link Engine.hiddenStates} can read: layers 0 to `layers`, `size` numbers a position; null where nothing. */
  readonly hiddenStates: { readonly layers: number; readonly size: number } | null;
}

export interface Engine {
  readonly model: ModelInfo;
  readonly capabilities: Capabilities;
  /**
   * One array of samples for each request, in order. An engine that cannot tell of each sequence as it ends tells
   * nothing.
   */
  sample(requests: readonly SampleRequest[], onEvent?: (event: SampleEvent) => void): Promise<Sample[][]>;
  /** Teacher-forced logprobs of each completion, [T]; `weights: "reference"` asks the frozen starting weights. */
  logprobs(
    sequences: ReadonlyArray<{ readonly prompt: readonly number[]; readonly completion: readonly number[] }>,
    weights?: "policy" | "reference",
  ): Promise<Float32Array[]>;
  /**
   * The policy's residual stream. Layer 0 is the embedded tokens, layer l what comes out of the l-th block, and the last
   * layer is read behind the final norm, as `transformers` counts hidden states.
   *
   * @returns  for each sequence, for each of `layers`, [positions, size] as one flat array
   */
  hiddenStates(sequences: readonly HiddenStateRequest[], layers: readonly number[]): Promise<Float32Array[][]>;
  /**
   * Adds the gradient of the loss's sum over these datums to what is accumulated since the last step. This and
   * {@link optimStep} take effect in the order the calls are made; none needs to be awaited before the next.
   */
  forwardBackward(datums: readonly Datum[], loss: Loss): Promise<LossOutput>;
  /**
   * One AdamW step on the accumulated gradient, which it clears.
   *
   * @returns the norm before clipping, null where the engine does not tell
   */
  optimStep(options: OptimStep): Promise<{ readonly gradientNorm: number | null }>;
  /**
   * Writes what {@link load} needs; with `optimizer`, its state too. A model on this machine is model.safetensors,
   * config.json and tokenizer.json, one elsewhere a note of where it lies.
   */
  save(folder: string, options: { readonly optimizer: boolean }): Promise<void>;
  /**
   * Weights from a folder that `save` wrote. With `optimizer` its state too, and an error where the folder has none;
   * without it the optimizer starts from nothing.
   */
  load(folder: string, options: { readonly optimizer: boolean }): Promise<void>;
  /**
   * Lets go of what `save` has left elsewhere for this folder, which is read at once and may then be removed; what cannot be
   * removed there is said, and stays. Engines that leave nothing elsewhere have no such thing.
   */
  forget?(folder: string): Promise<void>;
  close(): Promise<void>;
}
