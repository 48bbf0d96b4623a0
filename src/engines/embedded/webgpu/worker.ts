// The compute worker whose arithmetic happens on the graphics processor: the jobs of ../worker.ts, with the numbers on
// the device. There is one, because a device runs one thing at a time. Its own memory holds them only while they are
// read from a folder or written to one.

import { workerData } from "node:worker_threads";
import { adaptersOf } from "../adapters/layout.js";
import { Checkpoints } from "../checkpoints.js";
import type { Model } from "../decoder/graphs.js";
import { layoutOf } from "../decoder/layout.js";
import type { Runtime } from "../graph/program.js";
import { HiddenStates } from "../hidden-states.js";
import type { WorkerSetup } from "../jobs.js";
import { WorkerMemory } from "../memory.js";
import { Trainer } from "../training/trainer.js";
import { guardOf, reply, serve } from "../worker-loop.js";
import { compileKernels } from "./kernels.js";
import { ResidentModel } from "./resident-model.js";
import { ResidentSampler } from "./resident-sampler.js";
import { testWebgpu } from "./self-test.js";
import { openOnWebgpu } from "./session.js";

const { config, folder: start, stamp, lora, control } = workerData as WorkerSetup;
/** Tensors on a device have no views: the head is read whole. */
const base: Model = { config, layout: layoutOf(config), partRows: config.vocabularySize };
const model: Model = lora ? { ...base, adapters: adaptersOf(base.layout, lora) } : base;
const runtime: Runtime = { threads: 1, guard: guardOf(new Int32Array(control)), open: openOnWebgpu };
const trainer = new Trainer(model, runtime);
/** Adapters off. */
const referenceTrainer = model.adapters ? new Trainer(base, runtime) : trainer;
const sampler = new ResidentSampler(model, runtime);
const hiddenStates = new HiddenStates(model, runtime);
let opened: Promise<ResidentModel> | undefined;

function resident(): Promise<ResidentModel> {
  opened ??= compileKernels(runtime).then(
    (kernels) => new ResidentModel(model, kernels, () => hostMemory().frozen().flat),
  );
  return opened;
}

function hostMemory(): WorkerMemory {
  return new WorkerMemory(model, start, stamp, undefined);
}

serve({
  selfTest: () => testWebgpu(config, runtime.guard, openOnWebgpu),
  gradient: async ({ batch, loss }) => {
    const numbers = await resident();
    const gradient = await trainer.gradientTensors(await numbers.policy(), batch, loss);
    await numbers.accumulate(gradient);
    return gradient.losses;
  },
  clear: async () => (await resident()).clearGradient(),
  logprobs: async ({ source, batch }) => {
    const numbers = await resident();
    return source.kind === "reference"
      ? referenceTrainer.logprobs(await numbers.reference(), batch)
      : trainer.logprobs(await numbers.policy(), batch);
  },
  hiddenStates: async ({ sequences, layers }) =>
    hiddenStates.read(await (await resident()).policy(), sequences, layers),
  sample: async ({ prompts }) =>
    sampler.sample(await (await resident()).policy(), prompts, (drawn) => reply({ kind: "drawn", drawn })),
  squares: async () => [await (await resident()).squares()],
  optimStep: async ({ adam }) => (await resident()).step(adam),
  start: async (job) => {
    const memory = hostMemory();
    new Checkpoints(model, memory, start).start(job);
    await (await resident()).load(memory.state, { moments: false });
  },
  load: async (job) => {
    const memory = hostMemory();
    const steps = new Checkpoints(model, memory, start).load(job);
    await (await resident()).load(memory.state, { moments: job.optimizer });
    return steps;
  },
  save: async (job) => {
    const memory = hostMemory();
    await (await resident()).read(memory.state, { moments: job.step !== undefined });
    new Checkpoints(model, memory, start).save(job);
  },
});
