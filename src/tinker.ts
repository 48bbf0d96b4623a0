// A client of the Tinker protocol for any program: `import { openTinker } from "coderlplus/tinker"`. It needs a server of
// the protocol, and nothing else of this package; docs/tinker-client.md says how it is used.

export { EngineLostError, StorageError, UsageError } from "./core/errors.js";
export type {
  CheckpointInfo,
  SamplingClient,
  ServerFlags,
  TinkerClient,
  TinkerOptions,
  TrainingClient,
} from "./engines/tinker/client/client.js";
export { type ServerWords, TinkerError, type TinkerFailure, TinkerLostError } from "./engines/tinker/client/errors.js";
export { openTinker } from "./engines/tinker/client/open.js";
export type {
  AdamParameters,
  ForwardBackwardOutput,
  LoraConfig,
  SampledSequence,
  SamplingParameters,
  Tensor,
  WireDatum,
  WireSampleRequest,
  WireSampleResponse,
} from "./engines/tinker/protocol/records.js";
