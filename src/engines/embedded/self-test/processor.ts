// What the engine asks of ONNX Runtime on the processor, tested as it starts: that inputs are views of JavaScript
// memory and outputs are not, and that the tiny model's gradient is the slope of its loss. Its numbers are what other
// devices are compared with.

import { Tensor } from "onnxruntime-node";
import { sum } from "../../../core/maths.js";
import { Graph } from "../graph/graph.js";
import { compile, type Runtime } from "../graph/program.js";
import { adamStep, squares } from "../training/optimizer.js";
import { Trainer } from "../training/trainer.js";
import { loadedWeights } from "../weights.js";
import { fail, type Numbers } from "./numbers.js";
import { oneBatch, TINY_LOSS, TINY_STEP, type TinyModel, tinyBatch, tinySequences } from "./tiny-model.js";

/** @throws EngineError where a fact or a gradient is not as it must be */
export async function testProcessor(model: TinyModel, runtime: Runtime): Promise<Numbers> {
  await testMemory(runtime);
  return testGradient(model, runtime);
}

/** The engine updates weights in place and keeps outputs: both rest on how the binding treats memory. */
async function testMemory(runtime: Runtime): Promise<void> {
  const graph = new Graph();
  const x = graph.input("x", [2]);
  graph.output(graph.emit("Add", [x, x], x.shape), "y");
  const program = await compile(graph, runtime);
  const memory = new Float32Array(6);
  const feeds = { x: new Tensor("float32", memory.subarray(3, 5), [2]) };
  memory[4] = 1;
  const first = (await program.run(feeds))("y");
  memory[4] = 2;
  const second = (await program.run(feeds))("y");
  if (second[1] !== 4) fail("cpu", `an input written in place was read as ${second[1] / 2} instead of 2`, 0);
  if (first[1] !== 2) fail("cpu", `an output changed from 2 to ${first[1]} in a later run`, 0);
}

/** Where a step along a tensor's gradient ends, as a share of what the loss is expected to change by. */
const SLOPE_TOLERANCE = 0.01;
/** The loss changes by about this much along a tensor: far above the noise of f32, far below its curvature. */
const LOSS_CHANGE = 0.01;

async function testGradient(model: TinyModel, runtime: Runtime): Promise<Numbers> {
  const { layout } = model;
  const flat = model.weights.slice();
  const weights = loadedWeights(model, flat);
  const trainer = new Trainer(model, runtime);
  const scores = await trainer.logprobs(weights, oneBatch(tinySequences(model)));
  const logprobs = scores.map((score) => score.logprobs);
  const batch = tinyBatch(model, logprobs);
  const gradient = new Float32Array(layout.length);
  await trainer.gradient(weights, batch, TINY_LOSS, (offset, piece) => {
    for (let i = 0; i < piece.length; i++) gradient[offset + i] += piece[i];
  });
  for (const { name, offset, length } of layout.tensors) {
    const slope = gradient.subarray(offset, offset + length);
    const squared = slope.reduce((sum, value) => sum + value * value, 0);
    const lossAt = async (step: number): Promise<number> => {
      for (let i = 0; i < length; i++) flat[offset + i] = model.weights[offset + i] + step * slope[i];
      const tokens = await trainer.gradientTensors(weights, batch, TINY_LOSS);
      return tokens.losses.reduce((sum, { losses }) => sum + losses.reduce((a, b) => a + b, 0), 0);
    };
    const step = LOSS_CHANGE / squared;
    const change = (await lossAt(step)) - (await lossAt(-step));
    flat.set(model.weights.subarray(offset, offset + length), offset);
    const difference = Math.abs(change / (2 * LOSS_CHANGE) - 1);
    if (difference <= SLOPE_TOLERANCE) continue;
    fail(
      "cpu",
      `the gradient of "${name}" is off the slope of the loss by ${difference.toPrecision(2)}`,
      SLOPE_TOLERANCE,
    );
  }
  const kept = gradient.slice();
  const moments = { firstMoment: new Float32Array(layout.length), secondMoment: new Float32Array(layout.length) };
  const all = { from: 0, to: layout.length };
  const norm = Math.sqrt(sum(squares(gradient, all)));
  adamStep(layout, { weights: flat, gradient, ...moments }, all, { options: TINY_STEP, step: 1, norm });
  return { logprobs: Float32Array.from(logprobs.flatMap((of) => [...of])), gradient: kept, stepped: flat };
}
