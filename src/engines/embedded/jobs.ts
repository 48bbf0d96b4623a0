// What the engine and its compute workers say to each other. Weights, gradient and optimizer state lie in memory they
// share; a job is small.

import type { HiddenStateRequest, Loss, OptimStep, Sample } from "../engine.js";
import type { DecoderConfig } from "./model/config.js";
import type { StoredType } from "./model/number-formats.js";
import type { ShardPrompt } from "./sampling/sampler.js";
import type { Batch, Sequence } from "./training/batches.js";
import type { TokenLosses, TokenScores, TrainingSequence } from "./training/trainer.js";

/** Flat f32 arrays of the layout's length. */
export interface SharedState {
  readonly weights: SharedArrayBuffer;
  readonly gradient: SharedArrayBuffer;
  readonly firstMoment: SharedArrayBuffer;
  readonly secondMoment: SharedArrayBuffer;
  /** int32, at the places below. */
  readonly control: SharedArrayBuffer;
}

export interface WorkerSetup {
  readonly config: DecoderConfig;
  readonly state: SharedState;
  /** Inside one operation. */
  readonly threads: number;
}

/** Which numbers to compute with; a version that a worker has not seen yet makes it copy them. */
export interface WeightSource {
  /** Its name, for shared memory is another object in every message. */
  readonly name: "policy" | "reference";
  readonly memory: SharedArrayBuffer;
  readonly version: number;
}

export interface Jobs {
  /** Adds the batch's gradient to the shared one when its turn comes. */
  gradient: {
    job: { source: WeightSource; batch: Batch<TrainingSequence>; loss: Loss; turn: number };
    result: TokenLosses[];
  };
  logprobs: { job: { source: WeightSource; batch: Batch<Sequence> }; result: TokenScores[] };
  hiddenStates: {
    job: { source: WeightSource; sequences: readonly HiddenStateRequest[]; layers: readonly number[] };
    result: Float32Array[][];
  };
  sample: { job: { source: WeightSource; prompts: readonly ShardPrompt[] }; result: Sample[][] };
  optimStep: { job: { options: OptimStep; step: number }; result: number };
  /** The number of steps that the optimizer state has seen, 0 where it is not asked for. */
  load: { job: { folder: string; optimizer: boolean }; result: number };
  /** Optimizer state is written where `step` is given. */
  save: { job: { folder: string; type: StoredType; step: number | undefined }; result: undefined };
}

export type JobKind = keyof Jobs;

/** Places in {@link SharedState.control}. */
export const TURN = 0;
/** 1 once the engine is closing. */
export const CLOSING = 1;
/** Workers that are inside ONNX Runtime: ended there, they would take the whole process with them. */
export const BUSY = 2;
export const CONTROL_BYTES = 12;

export type Request =
  | { readonly kind: JobKind; readonly job: Jobs[JobKind]["job"] }
  /** The worker ends itself; see {@link BUSY}. */
  | { readonly kind: "close" };

export type Reply =
  | { readonly kind: "done"; readonly result: Jobs[JobKind]["result"] }
  | { readonly kind: "failed"; readonly message: string }
  /** Tokens drawn since the last. */
  | { readonly kind: "tokens"; readonly count: number };
