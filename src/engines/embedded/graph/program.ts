// A graph made ready to run: an ONNX Runtime session that takes and gives typed arrays. It fills in the inputs that
// only hold dimensions. Runs block the thread they are in, so programs live in worker threads.

import { InferenceSession, Tensor } from "onnxruntime-node";
import { EngineError, messageOf } from "../../../core/errors.js";
import type { Graph } from "./graph.js";

export type Feeds = Record<string, Tensor>;

/** Reads one output by name. */
export type Outputs = (name: string) => Float32Array;

export interface Program {
  /**
   * @param feeds     one tensor for each input, those of other programs among them are passed over
   * @param lengths   dimensions that no input has, by name
   */
  run(feeds: Feeds, lengths?: Readonly<Record<string, number>>): Promise<Outputs>;
  /** Gives its memory back; it cannot run again. */
  release(): Promise<void>;
}

export interface Runtime {
  /** Inside one operation; the result's bits do not depend on it. */
  readonly threads: number;
  /** Runs what is inside ONNX Runtime for a while, and must not be interrupted there. */
  readonly guard: <Result>(run: () => Promise<Result>) => Promise<Result>;
}

/** For a thread that nobody ends. */
export const UNGUARDED: Runtime = { threads: 1, guard: (run) => run() };

export async function compile(graph: Graph, { threads, guard }: Runtime): Promise<Program> {
  const session = await guard(() => createSession(graph, threads));
  const inputs = graph.inputs;
  return {
    async run(feeds, lengths = {}) {
      const fed: Feeds = {};
      const known: Record<string, number> = { ...lengths };
      for (const { name, shape } of inputs) {
        if (graph.shapeInputs.has(name)) continue;
        const tensor = feeds[name];
        if (!tensor) throw new RangeError(`nothing is fed to the graph's input "${name}"`);
        fed[name] = tensor;
        for (const [axis, dimension] of shape.entries()) {
          if (typeof dimension === "string") known[dimension] = tensor.dims[axis];
        }
      }
      for (const [name, shape] of graph.shapeInputs) {
        const sizes = shape.map((dimension) => (typeof dimension === "number" ? dimension : known[dimension]));
        fed[name] = new Tensor("int64", BigInt64Array.from(sizes, BigInt), [sizes.length]);
      }
      const results = await guard(() => runSession(session, fed));
      return (name) => results[name]?.data as Float32Array;
    },
    release: () => guard(() => session.release()),
  };
}

async function createSession(graph: Graph, threads: number): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(graph.bytes(), {
      executionProviders: ["cpu"],
      graphOptimizationLevel: "all",
      executionMode: "sequential",
      interOpNumThreads: 1,
      intraOpNumThreads: threads,
      logSeverityLevel: 3,
      // A pattern for every batch shape costs memory and, measured, no less time.
      enableMemPattern: false,
      extra: { session: { intra_op: { allow_spinning: "0" } } },
    });
  } catch (error) {
    throw new EngineError(`ONNX Runtime refused a graph: ${messageOf(error)}`, { cause: error });
  }
}

async function runSession(session: InferenceSession, feeds: Feeds): Promise<InferenceSession.OnnxValueMapType> {
  try {
    return await session.run(feeds);
  } catch (error) {
    throw new EngineError(`ONNX Runtime failed to run a graph: ${messageOf(error)}`, { cause: error });
  }
}
