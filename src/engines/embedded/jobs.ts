// What the engine and its compute workers say to each other. Large arrays are not among it: they lie in the one
// worker's memory, or in memory that several share.

import type { HiddenStateRequest, Loss, Sample } from "../engine.js";
import type { LoraOptions } from "./adapters/layout.js";
import type { Device } from "./devices.js";
import type { DecoderConfig } from "./model/config.js";
import type { StoredType } from "./model/number-formats.js";
import type { Drawn, ShardPrompt } from "./sampling/sampler.js";
import type { Batch, Sequence } from "./training/batches.js";
import type { AdamStep, Stretch } from "./training/optimizer.js";
import type { TokenLosses, TokenScores, TrainingSequence } from "./training/trainer.js";
import type { Placement } from "./webgpu/placement.js";

/** Flat f32 arrays of the trained layout's length. */
export interface SharedState {
  readonly weights: SharedArrayBuffer;
  readonly gradient: SharedArrayBuffer;
  readonly firstMoment: SharedArrayBuffer;
  readonly secondMoment: SharedArrayBuffer;
}

export interface WorkerSetup {
  readonly config: DecoderConfig;
  readonly device: Device;
  /** Of the model that the engine starts from. */
  readonly folder: string;
  /** Of its files, see `stampOf`. */
  readonly stamp: string;
  readonly lora: LoraOptions | null;
  /** Where there are several workers. */
  readonly state: SharedState | undefined;
  /** int32, at the places below. */
  readonly control: SharedArrayBuffer;
  /** Inside one operation. */
  readonly threads: number;
}

/** Which numbers to compute with; the version counts the changes of the policy. */
export type WeightSource =
  | { readonly kind: "policy"; readonly version: number }
  /** The weights that the engine started from. */
  | { readonly kind: "reference" };

export interface Jobs {
  /** Where a device's nodes run, null for the processor itself. @throws EngineError where it computes wrong */
  selfTest: { job: object; result: Placement | null };
  /** Adds the batch's gradient to the sum when its turn comes. */
  gradient: {
    job: { version: number; batch: Batch<TrainingSequence>; loss: Loss; turn: number };
    result: TokenLosses[];
  };
  /** Forgets the sum of gradients. */
  clear: { job: object; result: void };
  logprobs: { job: { source: WeightSource; batch: Batch<Sequence> }; result: TokenScores[] };
  hiddenStates: {
    job: { version: number; sequences: readonly HiddenStateRequest[]; layers: readonly number[] };
    result: Float32Array[][];
  };
  sample: { job: { version: number; prompts: readonly ShardPrompt[] }; result: Sample[][] };
  /** The sum of squares of each chunk of the summed gradient. */
  squares: { job: { stretch: Stretch }; result: number[] };
  optimStep: { job: { stretch: Stretch; adam: AdamStep }; result: void };
  /** Weights as the model's folder has them; new adapters from the seed. */
  start: { job: { seed: string | number }; result: void };
  /** The number of steps that the optimizer state has seen, 0 where it is not asked for. */
  load: { job: { folder: string; optimizer: boolean }; result: number };
  /** Optimizer state is written where `step` is given. */
  save: { job: { folder: string; type: StoredType; step: number | undefined }; result: void };
}

export type JobKind = keyof Jobs;

/** Places in {@link WorkerSetup.control}. */
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
  | { readonly kind: "failed"; readonly message: string; readonly name: string }
  | { readonly kind: "drawn"; readonly drawn: Drawn };
