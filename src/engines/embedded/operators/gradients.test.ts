// Every operator against central differences. A new operator needs an entry here: the last test finds those without.

import { readdirSync } from "node:fs";
import { Tensor } from "onnxruntime-node";
import { expect, it } from "vitest";
import { Rng } from "../../../core/rng.js";
import { gradients } from "../graph/autodiff.js";
import { Graph, type Value } from "../graph/graph.js";
import { compile, type Feeds, UNGUARDED } from "../graph/program.js";
import { attention } from "./attention.js";
import * as elementwise from "./elementwise.js";
import { tokenLogprobs, tokenLogprobsInParts } from "./logprobs.js";
import { addProduct, linear, matmul } from "./matmul.js";
import { rmsNorm, softmax } from "./normalization.js";
import { total } from "./reduction.js";
import { rotary } from "./rotary.js";
import { concatenate, pick, prefix, reshape, split, transpose } from "./shape.js";

interface Case {
  /** The operands that a gradient is wanted for. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly build: (graph: Graph, inputs: Readonly<Record<string, Value>>) => Value;
  /** Moves every number of the operands away from here, where the operator has a kink. */
  readonly kinks?: readonly number[];
}

const square = { a: [3, 4], b: [3, 4] };
const row = { x: [3, 4] };

const CASES: Readonly<Record<string, Case>> = {
  add: { inputs: square, build: (graph, { a, b }) => elementwise.add(graph, a, b) },
  "add of a value to itself": { inputs: row, build: (graph, { x }) => elementwise.add(graph, x, x) },
  subtract: { inputs: square, build: (graph, { a, b }) => elementwise.subtract(graph, a, b) },
  multiply: { inputs: square, build: (graph, { a, b }) => elementwise.multiply(graph, a, b) },
  negate: { inputs: row, build: (graph, { x }) => elementwise.negate(graph, x) },
  exponential: { inputs: row, build: (graph, { x }) => elementwise.exponential(graph, x) },
  clip: { inputs: row, build: (graph, { x }) => elementwise.clip(graph, x, -0.5, 0.5), kinks: [-0.5, 0.5] },
  maximum: {
    inputs: row,
    build: (graph, { x }) => elementwise.maximum(graph, x, elementwise.negate(graph, x)),
    kinks: [0],
  },
  choose: {
    inputs: square,
    build: (graph, { a, b }) => {
      const alternating = graph.constant("int32", [4], Int32Array.of(1, 0, 1, 0));
      const chosen = graph.emit("Cast", [alternating], [4], { attributes: { to: 9 }, type: "bool" });
      const wide = graph.emit("Expand", [chosen, graph.integers([3, 4])], [3, 4], { type: "bool" });
      return elementwise.choose(graph, wide, a, b);
    },
  },
  swiglu: { inputs: square, build: (graph, { a, b }) => elementwise.swiglu(graph, a, b) },
  total: { inputs: row, build: (graph, { x }) => total(graph, x) },
  reshape: { inputs: { x: [2, 3, 4] }, build: (graph, { x }) => reshape(graph, x, [6, 4]) },
  transpose: { inputs: { x: [2, 3, 4] }, build: (graph, { x }) => transpose(graph, x, [2, 0, 1]) },
  split: {
    inputs: { x: [3, 6] },
    build: (graph, { x }) => {
      const [narrow, wide] = split(graph, x, [2, 4]);
      return concatenate(graph, [elementwise.exponential(graph, wide), narrow], 1, 6);
    },
  },
  "split of which only a part is used": {
    inputs: { x: [3, 6] },
    build: (graph, { x }) => elementwise.exponential(graph, split(graph, x, [2, 4])[1]),
  },
  concatenate: { inputs: { a: [2, 3], b: [4, 3] }, build: (graph, { a, b }) => concatenate(graph, [a, b], 0, 6) },
  pick: {
    inputs: { x: [5, 3] },
    build: (graph, { x }) => pick(graph, x, graph.constant("int64", [2, 1], BigInt64Array.of(3n, 0n))),
  },
  prefix: { inputs: { x: [2, 5, 3] }, build: (graph, { x }) => prefix(graph, x, 1, 3, 2) },
  attention: {
    inputs: { q: [2, 3, 4], k: [2, 5, 4], v: [2, 5, 4] },
    build: (graph, { q, k, v }) => {
      const mask = graph.constant(
        "float32",
        [3, 5],
        Float32Array.from({ length: 15 }, (_, i) => (i % 4 ? 0 : -1e9)),
      );
      return attention(graph, q, [{ keys: k, values: v, mask }], 0.5);
    },
  },
  "attention to a context in two parts, one of which is met by all rows": {
    inputs: { q: [2, 3, 4, 4], farKeys: [2, 5, 4], farValues: [2, 5, 4], keys: [2, 3, 2, 4], values: [2, 3, 2, 4] },
    build: (graph, { q, farKeys, farValues, keys, values }) =>
      attention(
        graph,
        q,
        [
          { keys: farKeys, values: farValues, rows: [2, 12] },
          { keys, values },
        ],
        0.5,
      ),
  },
  matmul: { inputs: { a: [2, 3, 4], b: [2, 4, 5] }, build: (graph, { a, b }) => matmul(graph, a, b, { scale: 0.5 }) },
  "matmul, first transposed": {
    inputs: { a: [2, 4, 3], b: [2, 4, 5] },
    build: (graph, { a, b }) => matmul(graph, a, b, { transposeA: true }),
  },
  "matmul, second transposed": {
    inputs: { a: [2, 3, 4], b: [2, 5, 4] },
    build: (graph, { a, b }) => matmul(graph, a, b, { transposeB: true, scale: 2 }),
  },
  linear: {
    inputs: { x: [3, 4], w: [5, 4], bias: [5] },
    build: (graph, { x, w, bias }) => linear(graph, x, w, bias),
  },
  "linear with as many outputs as a vocabulary": {
    inputs: { x: [2, 1], w: [4096, 1] },
    build: (graph, { x, w }) => {
      const [few] = split(graph, linear(graph, x, w), [3, 4093]);
      return few;
    },
  },
  "linear over more axes": { inputs: { x: [2, 3, 4], w: [5, 4] }, build: (graph, { x, w }) => linear(graph, x, w) },
  addProduct: {
    inputs: { sum: [3, 5], a: [3, 4], b: [5, 4] },
    build: (graph, { sum, a, b }) => addProduct(graph, sum, a, b, 0.5),
  },
  softmax: { inputs: row, build: (graph, { x }) => softmax(graph, x) },
  rmsNorm: { inputs: { x: [3, 4], w: [4] }, build: (graph, { x, w }) => rmsNorm(graph, x, w, 1e-6) },
  rotary: {
    inputs: { x: [3, 1, 8] },
    build: (graph, { x }) => {
      const table = (of: (angle: number) => number): Value =>
        graph.constant(
          "float32",
          [6, 2],
          Float32Array.from({ length: 12 }, (_, i) => of((i >> 1) * 0.3 ** (i % 2))),
        );
      const tables = {
        cosine: table(Math.cos),
        sine: table(Math.sin),
        negativeSine: table((angle) => -Math.sin(angle)),
      };
      return rotary(graph, x, graph.constant("int64", [3, 1], BigInt64Array.of(0n, 5n, 2n)), tables);
    },
  },
  tokenLogprobs: {
    inputs: { logits: [3, 7] },
    build: (graph, { logits }) =>
      tokenLogprobs(graph, logits, graph.constant("int32", [3, 1], Int32Array.of(6, 0, 2))).chosen,
  },
  tokenLogprobsInParts: {
    inputs: { x: [4, 3], first: [3, 3], second: [3, 3], rest: [1, 3] },
    build: (graph, { x, first, second, rest }) => {
      const targets = graph.constant("int32", [4, 1], Int32Array.of(6, 0, 2, 3));
      return tokenLogprobsInParts(graph, x, [first, second, rest], targets).chosen;
    },
  },
};

/** Emit nodes for other operators' gradients and have none of their own. */
const WITHOUT_GRADIENT = new Set(["sumLeading", "sumLast", "lastOne", "weightGradient"]);
const STEP = 1e-2;

for (const [name, { inputs, build, kinks = [] }] of Object.entries(CASES)) {
  it(`${name}: its gradient equals central differences, its shape what comes out`, async () => {
    const graph = new Graph();
    const operands = Object.fromEntries(
      Object.entries(inputs).map(([key, shape]) => [key, graph.input(key, shape, { tracked: true })]),
    );
    const result = build(graph, operands);
    graph.output(result, "result");
    const slopes = graph.input("slopes", result.shape);
    const found = gradients(
      graph,
      total(graph, elementwise.multiply(graph, result, slopes)),
      Object.keys(inputs).map((key) => operands[key]),
    );
    for (const [index, key] of Object.keys(inputs).entries()) {
      expect(found[index]?.shape, key).toEqual(inputs[key]);
      graph.output(found[index] as Value, `gradient of ${key}`);
    }
    const program = await compile(graph, UNGUARDED);
    const rng = Rng.of("operator", name);
    const data = Object.fromEntries(
      Object.entries(inputs).map(([key, shape]) => [key, numbers(size(shape), () => away(rng.normal(), kinks))]),
    );
    const weights = numbers(size(result.shape as number[]), () => rng.normal());
    const run = async (): Promise<(name: string) => Float32Array> => {
      const feeds: Feeds = { slopes: new Tensor("float32", weights, result.shape as number[]) };
      for (const [key, shape] of Object.entries(inputs)) feeds[key] = new Tensor("float32", data[key], shape);
      return program.run(feeds);
    };
    const lossAt = async (): Promise<number> =>
      (await run())("result").reduce((sum, value, index) => sum + value * weights[index], 0);

    const outputs = await run();
    expect(outputs("result").length).toBe(weights.length);
    for (const key of Object.keys(inputs)) {
      const gradient = Float64Array.from(outputs(`gradient of ${key}`));
      for (const [index, kept] of data[key].entries()) {
        data[key][index] = kept + STEP;
        const above = await lossAt();
        data[key][index] = kept - STEP;
        const below = await lossAt();
        data[key][index] = kept;
        const numeric = (above - below) / (2 * STEP);
        const difference = Math.abs(gradient[index] - numeric);
        expect(
          difference / (1 + Math.abs(numeric)),
          `${key}[${index}]: ${gradient[index]} for ${numeric}`,
        ).toBeLessThan(2e-3);
      }
    }
  });
}

it("every operator has an entry above", async () => {
  const files = readdirSync(new URL(".", import.meta.url)).filter((file) => !file.includes(".test."));
  expect(files.length).toBeGreaterThan(3);
  for (const file of files) {
    const module = (await import(/* @vite-ignore */ new URL(file, import.meta.url).href)) as Record<string, unknown>;
    for (const [name, value] of Object.entries(module)) {
      if (typeof value === "function" && !WITHOUT_GRADIENT.has(name)) expect(Object.keys(CASES), file).toContain(name);
    }
  }
});

function size(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

function numbers(length: number, of: () => number): Float32Array {
  return Float32Array.from({ length }, of);
}

/** The number itself, unless a step would cross a kink. */
function away(value: number, kinks: readonly number[]): number {
  return kinks.some((kink) => Math.abs(value - kink) < 4 * STEP) ? value + 10 * STEP : value;
}
