// A thread that makes one comparison: reading all scores of many runs and drawing from them takes seconds, in which the
// server goes on answering.

import { parentPort, workerData } from "node:worker_threads";
import { type Compared, comparisonOf } from "./compare.js";

parentPort?.postMessage(comparisonOf(workerData as readonly Compared[]));
