// A compute worker: takes one job at a time, runs it, replies. All of the engine's arithmetic happens in such threads.

import { parentPort, workerData } from "node:worker_threads";
import { EngineError, messageOf } from "../../core/errors.js";
import type { Model } from "./decoder/graphs.js";
import { layoutOf } from "./decoder/layout.js";
import type { Runtime } from "./graph/program.js";
import { HiddenStates } from "./hidden-states.js";
import {
  BUSY,
  CLOSING,
  type JobKind,
  type Jobs,
  type Reply,
  type Request,
  TURN,
  type WeightSource,
  type WorkerSetup,
} from "./jobs.js";
import { readOptimizer, readWeights, writeOptimizer, writeWeights } from "./model/checkpoint.js";
import { Sampler } from "./sampling/sampler.js";
import { adamStep } from "./training/optimizer.js";
import { Trainer } from "./training/trainer.js";
import { type LoadedWeights, loadedWeights } from "./weights.js";

const { config, state, threads } = workerData as WorkerSetup;
const model: Model = { config, layout: layoutOf(config) };
const weights = new Float32Array(state.weights);
const gradient = new Float32Array(state.gradient);
const moments = { first: new Float32Array(state.firstMoment), second: new Float32Array(state.secondMoment) };
const control = new Int32Array(state.control);
const runtime: Runtime = {
  threads,
  guard: async (run) => {
    Atomics.add(control, BUSY, 1);
    try {
      if (Atomics.load(control, CLOSING)) throw new EngineError("the engine is closed");
      return await run();
    } finally {
      Atomics.sub(control, BUSY, 1);
      Atomics.notify(control, BUSY);
    }
  },
};
const trainer = new Trainer(model, runtime);
const sampler = new Sampler(model, runtime);
const hiddenStates = new HiddenStates(model, runtime);
const copies = new Map<WeightSource["name"], LoadedWeights>();

const CLOSING_CHECK_MS = 100;

type Handlers = { readonly [Kind in JobKind]: (job: Jobs[Kind]["job"]) => Promise<Jobs[Kind]["result"]> };

const handlers: Handlers = {
  gradient: async ({ source, batch, loss, turn: own }) => {
    let waited = false;
    try {
      return await trainer.gradient(current(source), batch, loss, (offset, piece) => {
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
  logprobs: ({ source, batch }) => trainer.logprobs(current(source), batch),
  hiddenStates: ({ source, sequences, layers }) => hiddenStates.read(current(source), sequences, layers),
  sample: ({ source, prompts }) =>
    sampler.sample(current(source), prompts, (count) => reply({ kind: "tokens", count })),
  optimStep: async ({ options, step }) =>
    adamStep(
      model.layout,
      { weights, gradient, firstMoment: moments.first, secondMoment: moments.second },
      options,
      step,
    ),
  load: async ({ folder, optimizer }) => {
    // First: where it is missing nothing has been changed yet.
    const steps = optimizer ? readOptimizer(folder, model.layout, moments) : 0;
    readWeights(folder, model.layout, weights);
    return steps;
  },
  save: async ({ folder, type, step }) => {
    writeWeights(folder, model.layout, weights, type);
    if (step !== undefined) writeOptimizer(folder, model.layout, moments, step);
    return undefined;
  },
};

/** ONNX Runtime refuses shared memory, so each worker keeps a copy of the weights it computes with. */
function current({ name, memory, version }: WeightSource): LoadedWeights {
  let copy = copies.get(name);
  if (!copy) {
    copy = loadedWeights(model, new Float32Array(model.layout.length));
    copies.set(name, copy);
  }
  if (copy.version !== version) copy.flat.set(new Float32Array(memory));
  copy.version = version;
  return copy;
}

/** Gradients are added in the order of the batches, whichever worker has them, so that the sum's bits are the same. */
function awaitTurn(own: number): void {
  for (let now = Atomics.load(control, TURN); now !== own; now = Atomics.load(control, TURN)) {
    if (Atomics.load(control, CLOSING)) return;
    Atomics.wait(control, TURN, now, CLOSING_CHECK_MS);
  }
}

function reply(message: Reply): void {
  parentPort?.postMessage(message, []);
}

async function handle<Kind extends JobKind>(kind: Kind, job: Jobs[Kind]["job"]): Promise<void> {
  try {
    reply({ kind: "done", result: await handlers[kind](job) });
  } catch (error) {
    reply({ kind: "failed", message: messageOf(error) });
  }
}

parentPort?.on("message", (request: Request) => {
  if (request.kind === "close") parentPort?.close();
  else void handle(request.kind, request.job as never);
});
