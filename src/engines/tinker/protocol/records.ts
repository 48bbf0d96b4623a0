// What client and server say to each other, free of how it is written on the wire (wire.ts). The protocol is Tinker's
// (Thinking Machines Lab); names of losses and of their inputs are its own.

/** Of one loss input: one number for each token of the model's input. */
export type Tensor =
  | { readonly dtype: "float32"; readonly data: Float32Array }
  /** Token ids; 64 bits wide on the wire. */
  | { readonly dtype: "int64"; readonly data: readonly number[] };

/** A sequence, shifted already: its input lacks the last token, its targets the first. */
export interface WireDatum {
  /** [N] token ids. */
  readonly modelInput: readonly number[];
  /** [N] each: target_tokens; weights, or logprobs and advantages. */
  readonly lossInputs: Readonly<Record<string, Tensor>>;
}

export interface ForwardBackwardRequest {
  readonly modelId: string;
  readonly sequenceId: number;
  readonly datums: readonly WireDatum[];
  /** cross_entropy, importance_sampling, ppo, cispo, dro; a server may know others. */
  readonly loss: string;
  /** Of the loss: clip_low_threshold, clip_high_threshold, beta. */
  readonly lossConfig: Readonly<Record<string, number>>;
  /** Values only: nothing is added to the gradient. */
  readonly forwardOnly: boolean;
}

export interface ForwardBackwardOutput {
  /** For each datum, by name: `logprobs` always, [N]. */
  readonly outputs: ReadonlyArray<Readonly<Record<string, Float32Array>>>;
  /** Keys say how they are put together over chunks: `loss:sum`, `entropy:mean`. */
  readonly metrics: Readonly<Record<string, number>>;
}

export interface SamplingParameters {
  readonly maxTokens: number;
  /** 1 where left out; 0 is greedy. */
  readonly temperature?: number;
  readonly topP?: number;
  /** -1, the default, keeps all. */
  readonly topK?: number;
  /** Ids that end a sequence, as its last token; or texts. */
  readonly stop?: readonly number[] | readonly string[];
  readonly seed?: number;
  /** One text a sequence, in `seed`'s place: known to servers of this project only, never sent to others. */
  readonly seeds?: readonly string[];
}

export interface WireSampleRequest {
  readonly prompt: readonly number[];
  /** Sequences to draw. */
  readonly count: number;
  readonly parameters: SamplingParameters;
  /** Also the logprobs of the prompt's own tokens. */
  readonly promptLogprobs: boolean;
  /** How many of the likeliest tokens at each place of the prompt; 0: none. */
  readonly topkPromptLogprobs: number;
}

export interface SampledSequence {
  readonly stopReason: "stop" | "length";
  readonly tokens: readonly number[];
  /** [T] in nats; null where the server gives none. */
  readonly logprobs: Float32Array | null;
}

export interface WireSampleResponse {
  readonly sequences: readonly SampledSequence[];
  /** [prompt], NaN where undefined, as for the first token; null unless asked for. */
  readonly promptLogprobs: Float32Array | null;
  /** At each place of the prompt [id, logprob], likeliest first; null where undefined. */
  readonly topkPromptLogprobs: ReadonlyArray<ReadonlyArray<readonly [number, number]> | null> | null;
}

/** AdamW, as torch defines it, decay decoupled. */
export interface AdamParameters {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** 0 does not clip. */
  readonly gradientClip: number;
}

export interface LoraConfig {
  /** 0 trains all weights, where the server can. */
  readonly rank: number;
  readonly seed?: number;
  readonly trainUnembed?: boolean;
  readonly trainMlp?: boolean;
  readonly trainAttention?: boolean;
}
