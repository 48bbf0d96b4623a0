import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BatchLimits, cutBatches, promptBlocks, promptBucket, type Sequence, seatsOf } from "./batches.js";

/** A token costs 10 bytes and what it attends to 1 each, a tenth of both where layers are computed again. */
const LIMITS: BatchLimits = {
  tokens: 400,
  bytes: 100_000,
  cost: ({ prompts, promptLength, seats, ownLength }, recompute) => {
    const tokens = prompts * (promptLength + seats * ownLength);
    const reading = seats === 0 ? promptLength : seats * ownLength;
    return (tokens * 10 + prompts * reading * (promptLength + ownLength)) / (recompute ? 10 : 1);
  },
  recompute: "auto",
};

const tokens = (most: number) => fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: most });
const sequence = fc.record({ prompt: tokens(70), completion: tokens(40) });

describe("batches", () => {
  it("hold every sequence once, with others of its prompt, within the limits or alone", () => {
    fc.assert(
      fc.property(fc.array(sequence, { maxLength: 40 }), (sequences) => {
        const batches = cutBatches(sequences, [...sequences.keys()], LIMITS);
        const all = batches.flatMap(({ groups }) => groups.flat());
        expect(all.sort((a, b) => a - b)).toEqual([...sequences.keys()]);
        for (const batch of batches) {
          const { groups, promptLength, ownLength } = batch;
          for (const group of groups) {
            const { prompt, completion } = sequences[group[0]];
            if (ownLength === 0) {
              expect(group.length).toBe(1);
              expect(prompt.length + completion.length - 1).toBeLessThanOrEqual(promptLength);
              expect(promptLength % promptBlocks(batch)).toBe(0);
              continue;
            }
            expect(promptBucket(prompt.length)).toBe(promptLength);
            for (const index of group) {
              expect(sequences[index].prompt).toEqual(prompt);
              expect(sequences[index].completion.length - 1).toBeLessThanOrEqual(ownLength);
            }
          }
          const size = groups.length * (promptLength + seatsOf(batch) * ownLength);
          if (groups.flat().length > 1) expect(size).toBeLessThanOrEqual(LIMITS.tokens);
        }
      }),
    );
  });

  it("pad sequences that share nothing together, to a whole number of blocks", () => {
    const whole = [140, 131, 20].map((length) => ({ prompt: [length], completion: Array<number>(length).fill(1) }));
    const [long, short, ...rest] = cutBatches(whole, [0, 1, 2], LIMITS);
    expect([long.promptLength, promptBlocks(long), long.groups]).toEqual([144, 2, [[0], [1]]]);
    expect([short.promptLength, promptBlocks(short), short.groups]).toEqual([24, 1, [[2]]]);
    expect(rest).toEqual([]);
  });

  it("keep the completions of a prompt together and split those that are too many", () => {
    const completions = (count: number) =>
      Array.from({ length: count }, () => ({ prompt: [1, 2], completion: [3, 4] }));
    const cut = (count: number) =>
      cutBatches(completions(count), [...Array(count).keys()], LIMITS).map(({ groups }) => groups.length);
    expect(cut(20)).toEqual([1]);
    expect(cut(100)).toEqual([1, 1, 1]);
  });

  const long = (length: number): Sequence => ({ prompt: [1], completion: Array.from({ length }, () => 0) });

  it("never cost more than the limit: fewer sequences, then layers computed again, then an error", () => {
    const cut = (sequences: Sequence[], limits: Partial<BatchLimits> = {}) =>
      cutBatches(sequences, [...sequences.keys()], { ...LIMITS, tokens: 4000, ...limits }).map((batch) => {
        const { groups, promptLength, ownLength } = batch;
        const shape = { prompts: groups.length, promptLength, seats: seatsOf(batch), ownLength };
        expect(LIMITS.cost(shape, batch.recompute)).toBeLessThanOrEqual(100_000);
        return [batch.groups.flat().length, batch.recompute];
      });
    expect(cut([long(101), long(101), long(101), long(101)])).toEqual([[4, false]]);
    expect(cut([long(201), long(201), long(201)])).toEqual([
      [2, false],
      [1, false],
    ]);
    expect(cut([long(601), long(601)])).toEqual([[2, true]]);
    expect(cut([long(101), long(101)], { recompute: "always" })).toEqual([[2, true]]);
    expect(() => cut([long(601)], { recompute: "never" })).toThrow("set engine.recompute to auto");
    expect(() => cut([long(2001)])).toThrow("a sequence of 2048 tokens needs about 0.4 MB to train on");
  });
});
