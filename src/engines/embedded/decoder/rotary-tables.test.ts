import { Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { Graph } from "../graph/graph.js";
import { modelBytes } from "../graph/onnx.js";
import { compile, UNGUARDED } from "../graph/program.js";
import type { DecoderConfig } from "../model/config.js";
import { TEST_CONFIG } from "../test-model.js";
import { promptGraph } from "./graphs.js";
import { layoutOf } from "./layout.js";
import { rotate, rotation } from "./rotary-tables.js";

const MILLION = 1_048_576;

/** One head of [1, ..., 1, 0, ..., 0] at each position, rotated: cosines, then sines. */
async function rotated(config: DecoderConfig, positions: readonly number[]): Promise<Float32Array> {
  const { headSize } = config;
  const graph = new Graph();
  const x = graph.input("x", ["M", 1, headSize]);
  const position = graph.input("position", ["M", 1], { type: "int64" });
  graph.output(rotate(graph, x, rotation(graph, config, position)), "rotated");
  const program = await compile(graph, UNGUARDED);
  const ones = positions.flatMap(() => Array.from({ length: headSize }, (_, at) => (at < headSize / 2 ? 1 : 0)));
  const outputs = await program.run({
    x: new Tensor("float32", Float32Array.from(ones), [positions.length, 1, headSize]),
    position: new Tensor("int64", BigInt64Array.from(positions, BigInt), [positions.length, 1]),
  });
  return outputs("rotated");
}

describe("rotary positions", () => {
  it("are right to f32's last digits up to the millionth token", async () => {
    const config = { ...TEST_CONFIG, contextLength: MILLION };
    const positions = [0, 1, 1023, 1024, 1025, 32_767, 131_071, MILLION - 1];
    const found = await rotated(config, positions);
    const expected = positions.flatMap((position) => {
      const angles = Array.from({ length: 4 }, (_, pair) => position * 10_000 ** (-pair / 4));
      return [...angles.map(Math.cos), ...angles.map(Math.sin)];
    });
    for (const [at, value] of expected.entries()) expect(Math.abs(found[at] - value), `${at}`).toBeLessThan(3e-7);
  });

  it("are the same bits in a short context and a long one, as far as the short one goes", async () => {
    const positions = Array.from({ length: 128 }, (_, position) => position);
    expect(await rotated({ ...TEST_CONFIG, contextLength: MILLION }, positions)).toEqual(
      await rotated(TEST_CONFIG, positions),
    );
  });

  it("take less than 2 MB of a graph, however long the context, at the usual size of a head", () => {
    const bytes = (contextLength: number): number => {
      const config = { ...TEST_CONFIG, headSize: 128, contextLength };
      return modelBytes(promptGraph({ config, layout: layoutOf(config) }).spec).length;
    };
    expect(bytes(MILLION) - bytes(1)).toBeLessThan(2e6);
    expect(bytes(131_072) - bytes(1)).toBeLessThan(1e6);
  });
});
