import { describe, expect, it } from "vitest";
import type { SampleRequest } from "../../engine.js";
import type { SamplingClient } from "../client/client.js";
import type { SampledSequence, WireSampleRequest } from "../protocol/records.js";
import { eachInFlight } from "./in-flight.js";
import { type SamplingOptions, sampleAll } from "./sampling.js";

const OPTIONS: SamplingOptions = {
  requestsInFlight: 4,
  sequencesPerRequest: null,
  endIds: [2],
  vocabularySize: 100,
  contextLength: 64,
  textSeeds: false,
  onEndless: () => {},
};

const REQUEST: SampleRequest = { prompt: [5, 6], count: 3, maxTokens: 4, temperature: 1, seeds: ["a", "b", "c"] };

const sequence = (tokens: number[], more: Partial<SampledSequence> = {}): SampledSequence => ({
  tokens,
  logprobs: new Float32Array(tokens.length).fill(-1),
  stopReason: "stop",
  ...more,
});

/** A sampler that answers each sequence in the same way. */
function answering(each: SampledSequence, seen: WireSampleRequest[] = [], more = 0): SamplingClient {
  return {
    sample: async (request) => {
      seen.push(request);
      const sequences = Array.from({ length: request.count + more }, () => each);
      return { sequences, promptLogprobs: null, topkPromptLogprobs: null };
    },
  };
}

describe("what is asked of a server", () => {
  it("always names the ids that end a sequence, and keeps to the context", async () => {
    const seen: WireSampleRequest[] = [];
    const request = { ...REQUEST, prompt: new Array<number>(62).fill(7), stopIds: [9, 2], topP: 0.9 };
    await sampleAll(answering(sequence([4, 9]), seen), [request], OPTIONS);
    expect(seen.map(({ parameters }) => parameters)).toEqual([
      { maxTokens: 2, temperature: 1, stop: [2, 9], topP: 0.9, seed: expect.any(Number) },
    ]);
    const full = { ...REQUEST, prompt: new Array<number>(64).fill(7) };
    await expect(sampleAll(answering(sequence([4, 2])), [full], OPTIONS)).rejects.toThrow("leaves no room");
  });

  it("has seeds of 31 bits that depend on their texts alone, or the texts", async () => {
    const seen: WireSampleRequest[] = [];
    const pieces = { ...OPTIONS, sequencesPerRequest: 2 };
    await sampleAll(answering(sequence([2]), seen), [REQUEST, REQUEST], pieces);
    await sampleAll(answering(sequence([2]), seen), [REQUEST], { ...pieces, textSeeds: true });
    const [first, second, again, , texts, rest] = seen.map(({ parameters }) => parameters);
    expect(seen.map(({ count }) => count)).toEqual([2, 1, 2, 1, 2, 1]);
    expect(again.seed).toBe(first.seed);
    expect(second.seed).not.toBe(first.seed);
    for (const { seed = -1 } of [first, second]) expect(seed >= 0 && seed < 2 ** 31).toBe(true);
    expect([texts.seeds, rest.seeds]).toEqual([["a", "b"], ["c"]]);
  });
});

describe("an answer that does not fit", () => {
  const cases: Array<[string, SampledSequence, number, RegExp]> = [
    ["more sequences", sequence([2]), 1, /sampling request 0: expected 3 sequences, found 4/],
    ["fewer sequences", sequence([2]), -1, /expected 3 sequences, found 2/],
    ["more tokens", sequence([1, 1, 1, 1, 1]), 0, /sequence 0: expected at most 4 tokens, found 5/],
    ["no tokens", sequence([]), 0, /it has no tokens/],
    ["another vocabulary", sequence([99_999, 2]), 0, /token id 99999 is not in the vocabulary of 100/],
    ["half a token", sequence([1.5, 2]), 0, /token id 1.5/],
    ["no logprobs", sequence([1, 2], { logprobs: null }), 0, /gives no logprobs/],
    ["too few logprobs", sequence([1, 2], { logprobs: Float32Array.of(-1) }), 0, /expected 2 logprobs, found 1/],
    ["a logprob that is no number", sequence([2], { logprobs: Float32Array.of(Number.NaN) }), 0, /logprob is NaN/],
    ["tokens behind the end", sequence([2, 1]), 0, /goes on behind token id 2/],
  ];
  it.each(cases)("is one clear error: %s", async (_, answer, more, message) => {
    await expect(sampleAll(answering(answer, [], more), [REQUEST], OPTIONS)).rejects.toThrow(message);
  });

  it("is told of where a sequence ends without its end", async () => {
    const endless: number[] = [];
    await sampleAll(answering(sequence([1, 3])), [REQUEST], { ...OPTIONS, onEndless: (token) => endless.push(token) });
    expect(endless).toEqual([3, 3, 3]);
    await sampleAll(answering(sequence([1], { stopReason: "length" })), [REQUEST], {
      ...OPTIONS,
      onEndless: () => expect.unreachable(),
    });
  });
});

describe("requests in flight", () => {
  it("are never more than asked for, and are called off by the first error", async () => {
    let [now, most] = [0, 0];
    const done: number[] = [];
    const signals: AbortSignal[] = [];
    const items = Array.from({ length: 20 }, (_, i) => i);
    await eachInFlight(items, 3, async (item) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, item % 4));
      now--;
      done.push(item);
    });
    expect([most, done.length]).toEqual([3, 20]);
    done.length = 0;
    const failing = eachInFlight(items, 3, async (item, signal) => {
      signals.push(signal);
      if (item === 4) throw new Error("four");
      await new Promise((resolve) => setTimeout(resolve, 1));
      done.push(item);
    });
    await expect(failing).rejects.toThrow("four");
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(done.length).toBeLessThan(8);
  });
});
