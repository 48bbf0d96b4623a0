// What a graphics processor can do through ONNX Runtime's WebGPU provider, to hold the engine's speed against: products
// of matrices, memory, transfers, and what a run costs that does nothing.

import { Tensor } from "onnxruntime-node";
import { quantile } from "../../src/core/maths.js";
import { Graph, type Value } from "../../src/engines/embedded/graph/graph.js";
import { compile, type Feeds, type Program, type Runtime } from "../../src/engines/embedded/graph/program.js";
import { matmul } from "../../src/engines/embedded/operators/matmul.js";
import { openOnWebgpu } from "../../src/engines/embedded/webgpu/session.js";

export interface DeviceCeilings {
  /** Products of two square matrices. */
  readonly gemmGflops: number;
  /** Two arrays read and one written. */
  readonly memoryGigabytesPerSecond: number;
  readonly uploadGigabytesPerSecond: number;
  readonly readbackGigabytesPerSecond: number;
  /** A run of one node on one number whose result comes back. */
  readonly roundTripMicroseconds: number;
}

const REPEATS = 7;
const RUNTIME: Runtime = { threads: 1, guard: (run) => run(), open: openOnWebgpu };

/** @param size  of the matrices; the other measurements use one of them */
export async function deviceCeilings(size: number): Promise<DeviceCeilings> {
  const square = new Tensor("float32", new Float32Array(size * size).fill(0.5), [size, size]);
  const bytes = size * size * 4;
  const upload = await program((graph) => matrix(graph, "x"), true);
  const product = await program((graph) => matmul(graph, matrix(graph, "x"), matrix(graph, "y")), true);
  const sum = await program((graph) => graph.emit("Add", [matrix(graph, "x"), matrix(graph, "y")], ["a", "b"]), true);
  const readback = await program((graph) => matrix(graph, "x"), false);
  const [x, y] = [await run(upload, { x: square }), await run(upload, { x: square })];
  // Runs are only queued: what one costs shows in a chain of them that ends with a small result in JavaScript.
  const fence = await program((graph) => {
    const all = graph.emit("ReduceMax", [matrix(graph, "x"), graph.integers([0])], ["b"], {
      attributes: { keepdims: 0 },
    });
    return graph.emit("ReduceMax", [all, graph.integers([0])], [], { attributes: { keepdims: 0 } });
  }, false);
  const wait = async (tensor: Tensor): Promise<void> => void (await fence.run({ x: tensor }));
  const fenced = await seconds(() => wait(x));
  const one = new Tensor("float32", new Float32Array(1), [1, 1]);
  const chain = async (each: Program, count: number): Promise<number> => {
    const time = await seconds(async () => {
      let last: Tensor | undefined;
      for (let index = 0; index < count; index++) {
        last?.dispose();
        last = await run(each, { x, y });
      }
      if (last) await wait(last);
      last?.dispose();
    });
    return Math.max(time - fenced, 1e-9) / count;
  };
  const uploading = await seconds(async () => {
    const tensor = await run(upload, { x: square });
    await wait(tensor);
    tensor.dispose();
  });
  return {
    gemmGflops: (2 * size ** 3) / (await chain(product, 4)) / 1e9,
    memoryGigabytesPerSecond: (3 * bytes) / (await chain(sum, 16)) / 1e9,
    uploadGigabytesPerSecond: bytes / Math.max(uploading - fenced, 1e-9) / 1e9,
    readbackGigabytesPerSecond: bytes / (await seconds(() => readback.run({ x }))) / 1e9,
    roundTripMicroseconds: (await seconds(() => readback.run({ x: one }))) * 1e6,
  };
}

function matrix(graph: Graph, name: string): Value {
  return graph.input(name, ["a", "b"]);
}

function program(build: (graph: Graph) => Value, resident: boolean): Promise<Program> {
  const graph = new Graph();
  graph.output(build(graph), "result");
  return compile(graph, RUNTIME, resident ? ["result"] : []);
}

async function run(on: Program, feeds: Feeds): Promise<Tensor> {
  return (await on.runTensors(feeds)).result;
}

/** Median; the first, which compiles, is not counted. */
async function seconds(once: () => Promise<unknown>): Promise<number> {
  await once();
  const times: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const started = performance.now();
    await once();
    times.push((performance.now() - started) / 1000);
  }
  return quantile(times, 0.5);
}
