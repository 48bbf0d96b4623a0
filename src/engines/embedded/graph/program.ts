// A graph made ready to run: an ONNX Runtime session that takes and gives typed arrays. It fills in the inputs that
// only hold dimensions. Runs block the thread they are in, so programs live in worker threads.

import { InferenceSession, Tensor } from "onnxruntime-node";
import { EngineError, messageOf } from "../../../core/errors.js";
import type { Graph } from "./graph.js";
import { type GraphSpec, modelBytes } from "./onnx.js";

export type Feeds = Record<string, Tensor>;

/** Reads one output by name. */
type Outputs = (name: string) => Float32Array;

export interface Program {
  /**
   * @param feeds     one tensor for each input, those of other programs among them are passed over
   * @param lengths   dimensions that no input has, by name
   */
  run(feeds: Feeds, lengths?: Readonly<Record<string, number>>): Promise<Outputs>;
  /** The same, results as tensors: those that stay on a device are the caller's to dispose of. */
  runTensors(feeds: Feeds, lengths?: Readonly<Record<string, number>>): Promise<Feeds>;
  /** Gives its memory back; it cannot run again. */
  release(): Promise<void>;
}

/** Makes a session on some device; `resident` are the outputs that stay there. */
export type OpenSession = (
  graph: GraphSpec,
  options: InferenceSession.SessionOptions,
  resident: ReadonlySet<string>,
) => Promise<InferenceSession>;

export interface Runtime {
  /** Inside one operation; the result's bits do not depend on it. */
  readonly threads: number;
  /** Runs what is inside ONNX Runtime for a while, and must not be interrupted there. */
  readonly guard: <Result>(run: () => Promise<Result>) => Promise<Result>;
  /** On the processor where left out. */
  readonly open?: OpenSession;
}

/** For a thread that nobody ends. */
export const UNGUARDED: Runtime = { threads: 1, guard: (run) => run() };

/** @param resident  outputs that stay on the device, where the runtime has one */
export async function compile(graph: Graph, runtime: Runtime, resident: readonly string[] = []): Promise<Program> {
  const { guard } = runtime;
  const session = await guard(() => createSession(graph, runtime, new Set(resident)));
  const inputs = graph.inputs;
  const program: Program = {
    async runTensors(feeds, lengths = {}) {
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
      return guard(() => runSession(session, fed));
    },
    async run(feeds, lengths) {
      const results = await program.runTensors(feeds, lengths);
      return (name) => results[name]?.data as Float32Array;
    },
    release: () => guard(() => session.release()),
  };
  return program;
}

const openOnProcessor: OpenSession = (graph, options) =>
  InferenceSession.create(modelBytes(graph), { ...options, executionProviders: ["cpu"] });

async function createSession(
  graph: Graph,
  { threads, open = openOnProcessor }: Runtime,
  resident: ReadonlySet<string>,
): Promise<InferenceSession> {
  try {
    const options = {
      graphOptimizationLevel: "all",
      executionMode: "sequential",
      interOpNumThreads: 1,
      intraOpNumThreads: threads,
      logSeverityLevel: 3,
      // A pattern for every batch shape costs memory and, measured, no less time.
      enableMemPattern: false,
      extra: {
        session: { intra_op: { allow_spinning: "0" } },
        // It undoes the transpositions that are there to make products faster (matmul.ts).
        optimization: { disable_specified_optimizers: "MatmulTransposeFusion" },
      },
    } as const;
    return await open(graph.spec, options, resident);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError(`ONNX Runtime refused a graph: ${messageOf(error)}`, { cause: error });
  }
}

async function runSession(session: InferenceSession, feeds: Feeds): Promise<Feeds> {
  try {
    return await session.run(feeds);
  } catch (error) {
    throw new EngineError(`ONNX Runtime failed to run a graph: ${messageOf(error)}`, { cause: error });
  }
}
