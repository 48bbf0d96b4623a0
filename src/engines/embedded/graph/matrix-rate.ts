// How fast this machine multiplies matrices: what training and sampling can be no faster than. A measurement of a
// fraction of a second, so only as good as the machine is idle.

import { Tensor } from "onnxruntime-node";
import { matmul } from "../operators/matmul.js";
import { Graph } from "./graph.js";
import { compile, UNGUARDED } from "./program.js";

const SIZE = 1024;
const REPEATS = 5;

/** Floating point operations a second, the best of a few products of square matrices. */
export async function matrixRate(threads: number): Promise<number> {
  const graph = new Graph();
  graph.output(matmul(graph, graph.input("a", [SIZE, SIZE]), graph.input("b", [SIZE, SIZE])), "product");
  const program = await compile(graph, { ...UNGUARDED, threads });
  const square = (): Tensor => new Tensor("float32", new Float32Array(SIZE * SIZE).fill(0.5), [SIZE, SIZE]);
  const feeds = { a: square(), b: square() };
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const start = performance.now();
    await program.run(feeds);
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  return (2 * SIZE ** 3) / best;
}
