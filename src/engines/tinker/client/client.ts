// A client of the Tinker protocol: what a program asks of it. It knows nothing of CodeRL+ or of our engine seam, and is
// exported as `coderlplus/tinker` for use on its own. Ordering, chunking, retries and polling lie behind these verbs.

import type {
  AdamParameters,
  ForwardBackwardOutput,
  LoraConfig,
  WireDatum,
  WireSampleRequest,
  WireSampleResponse,
} from "../protocol/records.js";

export interface TinkerOptions {
  /** Default TINKER_BASE_URL, else the hosted service. */
  readonly baseUrl?: string;
  /** Default TINKER_API_KEY. Never logged, never written, never part of a message. */
  readonly apiKey?: string;
  readonly tags?: readonly string[];
  readonly userMetadata?: Readonly<Record<string, unknown>>;
  /** How datums and results travel: `auto` begins with protobuf and falls back to JSON where the server knows only that. */
  readonly wire?: "auto" | "protobuf" | "json";
  /** What the server says to people, and what is waited for: a line each. */
  readonly onNotice?: (message: string) => void;
  /** How long a server may be away before a call fails. Default 15 minutes. */
  readonly patienceMs?: number;
  /** All pauses and poll times, times this; for tests. */
  readonly timeScale?: number;
}

/** What POST /client/config says, with the protocol's defaults for what is missing. */
export interface ServerFlags {
  readonly chunkDatums: number;
  readonly chunkBytes: number;
  readonly samplesInFlight: number;
  readonly parallelChunks: boolean;
  readonly compress: boolean;
  readonly jwt: boolean;
  /** What a server of this project adds: seeds as texts, entropies among the outputs. Null from all others. */
  readonly coderlplus: { readonly version: string } | null;
}

export interface TinkerClient {
  readonly baseUrl: string;
  readonly flags: ServerFlags;
  readonly sessionId: string;
  capabilities(): Promise<{
    readonly models: ReadonlyArray<{ readonly name: string; readonly contextLength: number | null }>;
  }>;
  createModel(options: {
    readonly baseModel: string;
    readonly lora: LoraConfig;
    readonly userMetadata?: Readonly<Record<string, unknown>>;
  }): Promise<TrainingClient>;
  /** Sampling from weights that are not trained: a base model, or a sampler checkpoint. */
  sampler(from: { readonly baseModel: string } | { readonly path: string }): Promise<SamplingClient>;
  weightsInfo(path: string): Promise<{
    readonly baseModel: string;
    readonly isLora: boolean;
    readonly loraRank: number | null;
  }>;
  checkpoints(runId: string): Promise<readonly CheckpointInfo[]>;
  deleteCheckpoint(path: string): Promise<void>;
  /** The archive of a sampler checkpoint (tar.gz), written to a file, atomically. */
  downloadCheckpoint(path: string, file: string, onBytes?: (done: number, total: number | null) => void): Promise<void>;
  /** Stops the heartbeat; models that are left are unloaded by the server in time. */
  close(): Promise<void>;
}

export interface CheckpointInfo {
  readonly id: string;
  readonly kind: "training" | "sampler";
  readonly path: string;
  readonly time: string;
  readonly bytes: number | null;
}

/**
 * One model in training. Calls are submitted in the order they are made, whether or not earlier ones are awaited, and
 * take effect in that order: forwardBackward and optimStep are best called back to back, then awaited.
 */
export interface TrainingClient {
  readonly modelId: string;
  info(): Promise<{ readonly baseModel: string; readonly tokenizerId: string | null }>;
  forwardBackward(
    datums: readonly WireDatum[],
    loss: { readonly name: string; readonly config?: Readonly<Record<string, number>> },
  ): Promise<ForwardBackwardOutput>;
  /** Values without gradient. */
  forward(
    datums: readonly WireDatum[],
    loss: { readonly name: string; readonly config?: Readonly<Record<string, number>> },
  ): Promise<ForwardBackwardOutput>;
  optimStep(parameters: AdamParameters): Promise<{ readonly metrics: Readonly<Record<string, number>> }>;
  /** Weights and optimizer. @returns a path for {@link loadWeights} */
  saveWeights(name: string): Promise<string>;
  /** Servers may allow this as a model's first call only. */
  loadWeights(path: string, options: { readonly optimizer: boolean }): Promise<void>;
  /** Weights to sample from or to download. @returns its path */
  saveWeightsForSampler(name: string): Promise<string>;
  /** Samples from the weights as they are now, whatever is trained later. */
  sampler(): Promise<SamplingClient>;
  unload(): Promise<void>;
}

export interface SamplingClient {
  sample(request: WireSampleRequest, signal?: AbortSignal): Promise<WireSampleResponse>;
}
