// How much memory the engine takes, part by part, before it runs. Values alive inside a run are counted on the graph
// itself (graph/footprint.ts); what the processes around it add is measured. It allocates nothing.

import { stackedLengths } from "./decoder/attention.js";
import { logprobGraph, lossGraph, type Model, promptGraph } from "./decoder/graphs.js";
import { inputBytes, peakBytes } from "./graph/footprint.js";
import type { Graph } from "./graph/graph.js";
import type { DecoderConfig } from "./model/config.js";
import { type BatchLimits, type BatchShape, completionBucket, promptBucket } from "./training/batches.js";

/** ONNX Runtime's arena over what is alive in it: places that fit nothing. Measured: 1.1 to 1.35. */
const ARENA = 1.2;
/** Node.js, our code and ONNX Runtime's; then, for each worker, its own heap and its sessions. Measured. */
const PROCESS_BYTES = 130e6;
const WORKER_BYTES = 60e6;
/** What one batch may take where no limit is set: the same on every machine, so that batches are too. */
export const DEFAULT_BATCH_BYTES = 2 * 2 ** 30;
/** Own tokens are made room for ahead, and while the cache grows the old one still stands. */
const CACHE_GROWTH = 2;
