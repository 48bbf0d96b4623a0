// The compute worker whose arithmetic happens on the graphics processor: the jobs of ../worker.ts, with the numbers on
// the device. There is one, because a device runs one thing at a time.

import { workerData } from "node:worker_threads";
import type { Model } from "../decoder/graphs.js";
import { layoutOf } from "../decoder/layout.js";
import type { Runtime } from "../graph/program.js";
import { HiddenStates } from "../hidden-states.js";
import type { WorkerSetup } from "../jobs.js";
import { readOptimizer, readWeights, writeOptimizer, writeWeights } from "../model/checkpoint.js";
import { Trainer } from "../training/trainer.js";
import { guardOf, reply, serve } from "../worker-loop.js";
import { compileKernels } from "./kernels.js";
import { ResidentModel } from "./resident-model.js";
import { ResidentSampler } from "./resident-sampler.js";
import { testWebgpu } from "./self-test.js";
import { openOnWebgpu } from "./session.js";

const { config, state } = workerData as WorkerSetup;
const model: Model = { config, layout: layoutOf(config) };
const runtime: Runtime = { threads: 1, guard: guardOf(new Int32Array(state.control)), open: openOnWebgpu };
const trainer = new Trainer(model, runtime);
const sampler = new ResidentSampler(model, runtime);
const hiddenStates = new HiddenStates(model, runtime);
let opened: Promise<ResidentModel> | undefined;

function resident(): Promise<ResidentModel> {
  opened ??= compileKernels(runtime).then((kernels) => new ResidentModel(model, kernels));
  return opened;
}

serve({
  selfTest: () => testWebgpu(config, runtime.guard, openOnWebgpu),
  gradient: async ({ source, batch, loss }) => {
    const numbers = await resident();
    const gradient = await trainer.gradientTensors(numbers.feeds(source.name), batch, loss);
    await numbers.accumulate(gradient);
    return gradient.losses;
  },
  discardGradient: async () => {
    (await resident()).discardGradient();
    return undefined;
  },
  logprobs: async ({ source, batch }) => trainer.logprobs((await resident()).feeds(source.name), batch),
  hiddenStates: async ({ source, sequences, layers }) =>
    hiddenStates.read((await resident()).feeds(source.name), sequences, layers),
  sample: async ({ source, prompts }) =>
    sampler.sample((await resident()).feeds(source.name), prompts, (count) => reply({ kind: "tokens", count })),
  optimStep: async ({ options, step }) => (await resident()).step(options, step),
  load: async ({ folder, optimizer }) => {
    const numbers = await resident();
    const flat = (): Float32Array => new Float32Array(model.layout.length);
    const moments = optimizer ? { first: flat(), second: flat() } : undefined;
    const steps = moments ? readOptimizer(folder, model.layout, moments) : 0;
    const weights = flat();
    readWeights(folder, model.layout, weights);
    await numbers.load(weights, moments);
    return steps;
  },
  save: async ({ folder, type, step }) => {
    const numbers = await resident();
    writeWeights(folder, model.layout, await numbers.weights(), type);
    if (step !== undefined) writeOptimizer(folder, model.layout, await numbers.moments(), step);
    return undefined;
  },
});
