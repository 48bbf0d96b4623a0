// Sampling requests that wait, weights by weights: all that have come for the same weights are drawn in one call of the
// engine, and each is answered as soon as its own sequences are done. What is drawn does not depend on what else is in
// the call.

import { RequestError } from "../../../core/request-error.js";
import type { Engine, Sample, SampleRequest } from "../../engine.js";
import type { WireSampleResponse } from "../protocol/records.js";
import type { Future } from "./futures.js";

/** One request, ready for the engine. */
export interface Draw {
  /** Null where nothing is to be drawn. */
  readonly request: SampleRequest | null;
  readonly prompt: readonly number[];
  /** How many of the prompt's last tokens are scored; null where no logprobs of it are wanted. */
  readonly scored: number | null;
}

type Computing = Pick<Engine, "sample" | "logprobs">;

/** Lends an engine that holds certain weights, for one call. */
export type Lend = <Result>(use: (engine: Computing) => Promise<Result>) => Promise<Result>;

interface Waiting {
  readonly draw: Draw;
  readonly future: Future;
}

interface Lane {
  readonly lend: Lend;
  readonly waiting: Waiting[];
  lastArrival: number;
}

/** Requests sent together arrive within this of each other. */
const LINGER_MS = 4;
const MOST_LINGER_MS = 40;

const MOST_WAITING = 4096;
const MOST_SEQUENCES = 32_768;

export class Sampling {
  readonly #lanes = new Map<string, Lane>();
  #sequences = 0;
  #waiting = 0;
  #closed: Error | null = null;

  /**
   * @param weights  names the weights: requests of the same are drawn together
   * @throws RequestError 429 where too much waits already
   */
  submit(weights: string, lend: Lend, draw: Draw, future: () => Future): Future {
    if (this.#closed) throw this.#closed;
    const sequences = draw.request?.count ?? 1;
    if (this.#waiting >= MOST_WAITING || (this.#waiting > 0 && this.#sequences + sequences > MOST_SEQUENCES)) {
      throw new RequestError(429, `${this.#waiting} sampling requests wait already: send this one again later`, 1);
    }
    const made = future();
    const lane = this.#lanes.get(weights);
    const waiting = { draw, future: made };
    this.#sequences += sequences;
    this.#waiting++;
    if (lane) {
      lane.waiting.push(waiting);
      lane.lastArrival = performance.now();
    } else {
      const fresh = { lend, waiting: [waiting], lastArrival: performance.now() };
      this.#lanes.set(weights, fresh);
      void this.#serve(weights, fresh);
    }
    return made;
  }

  /** Nothing more is taken, and what waits fails with the reason; what is being drawn goes on. */
  close(reason: Error): void {
    this.#closed = reason;
    for (const lane of this.#lanes.values()) for (const { future } of this.#take(lane)) future.fail(reason);
  }

  async #serve(weights: string, lane: Lane): Promise<void> {
    while (lane.waiting.length > 0) {
      await lingered(lane);
      let taken: Waiting[] = [];
      try {
        // Taken when the engine is free: until then others may still come.
        await lane.lend(async (engine) => {
          taken = this.#take(lane);
          await answered(engine, taken);
        });
      } catch (error) {
        if (taken.length === 0) taken = this.#take(lane);
        for (const { future } of taken) future.fail(error);
      }
    }
    this.#lanes.delete(weights);
  }

  #take(lane: Lane): Waiting[] {
    const taken = lane.waiting.splice(0);
    this.#waiting -= taken.length;
    for (const { draw } of taken) this.#sequences -= draw.request?.count ?? 1;
    return taken;
  }
}

async function lingered(lane: Lane): Promise<void> {
  const until = performance.now() + MOST_LINGER_MS;
  for (let left = LINGER_MS; left > 0 && performance.now() < until; ) {
    await new Promise((resolve) => setTimeout(resolve, left));
    left = lane.lastArrival + LINGER_MS - performance.now();
  }
}

async function answered(engine: Computing, taken: readonly Waiting[]): Promise<void> {
  const scores = await promptScores(engine, taken);
  const answer = (at: number, samples: readonly Sample[]): void => {
    const { draw, future } = taken[at];
    const promptLogprobs = scores.get(draw) ?? null;
    const response: WireSampleResponse = { sequences: samples, promptLogprobs, topkPromptLogprobs: null };
    future.settle({ kind: "sample", response });
  };
  const drawn = [...taken.keys()].filter((at) => taken[at].draw.request);
  for (const at of taken.keys()) if (!taken[at].draw.request) answer(at, []);
  if (drawn.length === 0) return;
  const requests = drawn.map((at) => taken[at].draw.request as SampleRequest);
  const found = requests.map((): Sample[] => []);
  const left = requests.map(({ count }) => count);
  const results = await engine.sample(requests, (event) => {
    if (event.kind !== "finished") return;
    const { request, sequence, sample } = event;
    found[request][sequence] = sample;
    left[request]--;
    if (left[request] === 0) answer(drawn[request], found[request]);
  });
  for (const [index, samples] of results.entries()) answer(drawn[index], samples);
}

/** [prompt] of each request that asked, NaN where nothing was scored. */
async function promptScores(engine: Computing, taken: readonly Waiting[]): Promise<Map<Draw, Float32Array>> {
  const wanted = taken.flatMap(({ draw }) => (draw.scored === null ? [] : [{ draw, scored: draw.scored }]));
  const found = new Map(wanted.map(({ draw }) => [draw, new Float32Array(draw.prompt.length).fill(Number.NaN)]));
  const some = wanted.filter(({ scored }) => scored > 0);
  if (some.length === 0) return found;
  const sequences = some.map(({ draw: { prompt }, scored }) => {
    return { prompt: prompt.slice(0, -scored), completion: prompt.slice(-scored) };
  });
  const scores = await engine.logprobs(sequences);
  for (const [index, { draw, scored }] of some.entries()) {
    found.get(draw)?.set(scores[index], draw.prompt.length - scored);
  }
  return found;
}
