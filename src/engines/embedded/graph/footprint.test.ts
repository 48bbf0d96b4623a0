import { expect, it } from "vitest";
import { exponential } from "../operators/elementwise.js";
import { matmul } from "../operators/matmul.js";
import { reshape } from "../operators/shape.js";
import { inputBytes, peakBytes } from "./footprint.js";
import { Graph, type Value } from "./graph.js";
import { after } from "./stage.js";

const ROW_BYTES = 100 * 4;

/** Products of x with itself, each [rows, rows]. */
function squares(graph: Graph, count: number, inTurn: boolean): Value[] {
  const x = graph.input("x", ["rows", 100]);
  const sums: Value[] = [];
  for (let index = 0; index < count; index++) {
    const late = inTurn && index > 0 ? after(graph, x, [sums[index - 1]]) : x;
    const square = matmul(graph, late, x, { transposeB: true, scale: index + 1 });
    sums.push(graph.emit("ReduceSum", [square, graph.integers([-1])], ["rows"], { attributes: { keepdims: 0 } }));
  }
  return sums;
}

it("counts what is alive at the same time, whatever the lengths turn out to be", () => {
  const graph = new Graph();
  const x = graph.input("x", ["rows", 100]);
  const product = matmul(graph, x, graph.input("w", [100, 100]));
  // In place, and without memory of its own.
  graph.output(reshape(graph, exponential(graph, product), [100, "rows"]), "result");
  expect(peakBytes(graph, { rows: 7 })).toBe(7 * ROW_BYTES);
  expect(peakBytes(graph, { rows: 9 })).toBe(9 * ROW_BYTES);
  expect(inputBytes(graph, { rows: 9 })).toBe(9 * ROW_BYTES);
  expect(() => peakBytes(graph, {})).toThrow('no length is known for dimension "rows"');
});

it("leaves out what no result needs", () => {
  const graph = new Graph();
  const [used, unused] = squares(graph, 2, false);
  graph.output(used, "used");
  const nodes = graph.nodes().flatMap(({ outputs }) => outputs);
  expect(nodes).not.toContain(unused.name);
  expect(peakBytes(graph, { rows: 10 })).toBe(10 * 10 * 4 + 10 * 4);
});

it("knows that products in turn are never alive together", () => {
  const peak = (inTurn: boolean): number => {
    const graph = new Graph();
    const sums = squares(graph, 6, inTurn);
    graph.output(
      sums.reduce((a, b) => graph.emit("Add", [a, b], ["rows"])),
      "sum",
    );
    return peakBytes(graph, { rows: 1000 });
  };
  expect(peak(true)).toBeLessThan(1.1 * 1000 * 1000 * 4);
  expect(peak(false)).toBeGreaterThanOrEqual(1000 * 1000 * 4);
});
