// A compute worker: takes one job at a time, runs it, replies. All of the engine's arithmetic happens in such threads.

import { workerData } from "node:worker_threads";
import { adaptersOf } from "./adapters/layout.js";
import { Checkpoints } from "./checkpoints.js";
import type { Model } from "./decoder/graphs.js";
import { layoutOf } from "./decoder/layout.js";
import { trainedLayout } from "./decoder/weight-inputs.js";
import type { Runtime } from "./graph/program.js";
import { HiddenStates } from "./hidden-states.js";
import { CLOSING, TURN, type WorkerSetup } from "./jobs.js";
import { WorkerMemory } from "./memory.js";
import { readTokenizer } from "./model/tokenizer.js";
import { Sampler } from "./sampling/sampler.js";
import { testProcessor } from "./self-test/processor.js";
import { tinyModel } from "./self-test/tiny-model.js";
import { adamStep, squares } from "./training/optimizer.js";
import { Trainer } from "./training/trainer.js";
import { guardOf, reply, serve } from "./worker-loop.js";

const setup = workerData as WorkerSetup;
const base: Model = { config: setup.config, layout: layoutOf(setup.config) };
const model: Model = setup.lora ? { ...base, adapters: adaptersOf(base.layout, setup.lora) } : base;
const memory = new WorkerMemory(model, setup.folder, setup.stamp, setup.state);
const checkpoints = new Checkpoints(model, memory, setup.folder);
const control = new Int32Array(setup.control);
const runtime: Runtime = { threads: setup.threads, guard: guardOf(control) };
const trainer = new Trainer(model, runtime);
/** Adapters off. */
const referenceTrainer = model.adapters ? new Trainer(base, runtime) : trainer;
const sampler = new Sampler(model, runtime, () => readTokenizer(setup.folder));
const hiddenStates = new HiddenStates(model, runtime);

const CLOSING_CHECK_MS = 100;

serve({
  selfTest: async () => {
    await testProcessor(tinyModel(setup.config), runtime);
    return null;
  },
  gradient: async ({ version, batch, loss, turn: own }) => {
    const { gradient } = memory.state;
    let waited = false;
    try {
      await sampler.release();
      return await trainer.gradient(memory.policy(version), batch, loss, (offset, piece) => {
        if (!waited) awaitTurn(own);
        waited = true;
        for (let i = 0; i < piece.length; i++) gradient[offset + i] += piece[i];
      });
    } finally {
      if (!waited) awaitTurn(own);
      Atomics.store(control, TURN, own + 1);
      Atomics.notify(control, TURN);
    }
  },
  clear: async () => void memory.state.gradient.fill(0),
  logprobs: ({ source, batch }) =>
    source.kind === "reference"
      ? referenceTrainer.logprobs(memory.frozen(), batch)
      : trainer.logprobs(memory.policy(source.version), batch),
  hiddenStates: ({ version, sequences, layers }) => hiddenStates.read(memory.policy(version), sequences, layers),
  sample: ({ version, prompts }) =>
    sampler.sample(memory.policy(version), prompts, (drawn) => reply({ kind: "drawn", drawn })),
  squares: async ({ stretch }) => squares(memory.state.gradient, stretch),
  optimStep: async ({ stretch, adam }) => adamStep(trainedLayout(model), memory.state, stretch, adam),
  start: async (job) => checkpoints.start(job),
  load: async (job) => checkpoints.load(job),
  save: async (job) => checkpoints.save(job),
});

/** Gradients are added in the order of the batches, whichever worker has them, so that the sum's bits are the same. */
function awaitTurn(own: number): void {
  for (let now = Atomics.load(control, TURN); now !== own; now = Atomics.load(control, TURN)) {
    if (Atomics.load(control, CLOSING)) return;
    Atomics.wait(control, TURN, now, CLOSING_CHECK_MS);
  }
}
