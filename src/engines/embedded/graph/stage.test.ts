import { Tensor } from "onnxruntime-node";
import { expect, it } from "vitest";
import { Rng } from "../../../core/rng.js";
import { exponential, multiply, negate } from "../operators/elementwise.js";
import { linear } from "../operators/matmul.js";
import { total } from "../operators/reduction.js";
import { gradients } from "./autodiff.js";
import { Graph, type Value } from "./graph.js";
import { compile, UNGUARDED } from "./program.js";
import { stage } from "./stage.js";

const SIZE = 6;
const ROWS = 4;

/** exp(-(x w^T)) twice over the same w, then its product with x: a value that two stages and the loss read. */
function lossOf(graph: Graph, x: Value, w: Value, again: boolean | undefined): Value {
  const inner = (entering: Value): readonly [Value] => [exponential(graph, negate(graph, linear(graph, entering, w)))];
  const apply = (entering: Value): Value =>
    again === undefined ? inner(entering)[0] : stage(graph, entering, inner, again)[0];
  return total(graph, multiply(graph, apply(apply(x)), x));
}

async function run(again: boolean | undefined, poison = 0): Promise<Float32Array[]> {
  const graph = new Graph();
  const x = graph.input("x", ["rows", SIZE], { tracked: true });
  const w = graph.input("w", [SIZE, SIZE], { tracked: true });
  const loss = lossOf(graph, x, w, again);
  graph.output(loss, "loss");
  for (const [index, gradient] of gradients(graph, loss, [x, w]).entries()) graph.output(gradient as Value, `${index}`);
  const program = await compile(graph, UNGUARDED);
  const rng = Rng.of("stage");
  const numbers = (length: number): Float32Array => Float32Array.from({ length }, () => 0.3 * rng.normal());
  const rows = numbers(ROWS * SIZE);
  rows[0] += poison;
  const outputs = await program.run({
    x: new Tensor("float32", rows, [ROWS, SIZE]),
    w: new Tensor("float32", numbers(SIZE * SIZE), [SIZE, SIZE]),
  });
  return ["loss", "0", "1"].map(outputs);
}

it("a stage gives the gradients of what is in it, to the bit, kept or computed again", async () => {
  const plain = await run(undefined);
  expect(plain[2].some((slope) => slope !== 0)).toBe(true);
  expect(await run(false)).toEqual(plain);
  expect(await run(true)).toEqual(plain);
});

it("what orders the stages passes on what is not finite and adds nothing to it", async () => {
  for (const poison of [Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(await run(true, poison)).toEqual(await run(undefined, poison));
  }
});

it("nothing that is computed again equals what was computed before, or ONNX Runtime would keep and reuse it", () => {
  const repeated = (again: boolean, gated: boolean): number => {
    const graph = new Graph();
    const x = graph.input("x", ["rows", SIZE], { tracked: true });
    const loss = lossOf(graph, x, graph.input("w", [SIZE, SIZE], { tracked: true }), again);
    const [gradient] = gradients(graph, loss, [x]);
    graph.output(gradient as Value, "gradient");
    const same = new Map<string, string>();
    const name = (of: string): string => same.get(of) ?? of;
    const seen = new Map<string, string>();
    let count = 0;
    for (const { operator, inputs, outputs, attributes } of graph.nodes()) {
      // Without the waiting: a reshape to its own shape is the value itself.
      if (!gated && operator === "Reshape") same.set(outputs[0], name(inputs[0]));
      const key = JSON.stringify([operator, inputs.map(name), attributes]);
      const first = seen.get(key);
      if (first !== undefined) same.set(outputs[0], first);
      else seen.set(key, outputs[0]);
      if (first !== undefined && operator === "Exp") count++;
    }
    return count;
  };
  expect(repeated(true, true)).toBe(0);
  expect(repeated(true, false)).toBe(2);
});
