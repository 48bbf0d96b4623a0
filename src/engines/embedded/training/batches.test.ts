import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutBatches, promptBlocks, promptBucket, seatsOf } from "./batches.js";

const LIMITS = { tokens: 400, floats: 200_000 };
const COSTS = { vocabularySize: 300, heads: 4 };

const tokens = (most: number) => fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: most });
const sequence = fc.record({ prompt: tokens(70), completion: tokens(40) });

describe("batches", () => {
  it("hold every sequence once, with others of its prompt, within the limits or alone", () => {
    fc.assert(
      fc.property(fc.array(sequence, { maxLength: 40 }), (sequences) => {
        const batches = cutBatches(sequences, [...sequences.keys()], LIMITS, COSTS);
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
    const [long, short, ...rest] = cutBatches(whole, [0, 1, 2], LIMITS, COSTS);
    expect([long.promptLength, promptBlocks(long), long.groups]).toEqual([144, 2, [[0], [1]]]);
    expect([short.promptLength, promptBlocks(short), short.groups]).toEqual([24, 1, [[2]]]);
    expect(rest).toEqual([]);
  });

  it("keep the completions of a prompt together and split those that are too many", () => {
    const completions = (count: number) =>
      Array.from({ length: count }, () => ({ prompt: [1, 2], completion: [3, 4] }));
    const cut = (count: number) =>
      cutBatches(completions(count), [...Array(count).keys()], LIMITS, COSTS).map(({ groups }) => groups.length);
    expect(cut(20)).toEqual([1]);
    expect(cut(100)).toEqual([1, 1, 1]);
  });
});
