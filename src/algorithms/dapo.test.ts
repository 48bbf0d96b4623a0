import { describe, expect, it } from "vitest";
import { teaches } from "./dynamic-sampling.js";
import { overlongPenalty } from "./overlong.js";
import { expectClose, goldenCase, goldenCases } from "./test-golden.js";

describe("dynamic sampling", () => {
  for (const { name, input, expected } of goldenCases.filter((item) => item.name.startsWith("advantage/group4/"))) {
    it(`keeps a group whose rewards differ: ${name}`, () => {
      expect(teaches(input.rewards)).toBe(expected.dapo_filter_keep);
    });
  }

  it("keeps what the golden rounds keep, and a group of one", () => {
    const { input, expected } = goldenCase("dapo/dynamic_sampling");
    const rounds = input.rounds as Array<Record<string, number[]>>;
    const kept = rounds.map((round) => Object.keys(round).filter((key) => teaches(round[key])));
    expect(kept[0]).toEqual(expected.kept_after_round[0]);
    expect(kept.flat()).toEqual(expected.kept_after_round[1]);
    expect(teaches([0])).toBe(true);
  });
});

describe("overlong shaping", () => {
  it("agrees with the golden numbers, OpenRLHF's up to the longest length", () => {
    const { input, expected } = goldenCase("dapo/overlong");
    const options = {
      maximumTokens: input.max_resp_len,
      bufferTokens: input.overlong_buffer_len,
      factor: input.penalty_factor,
    };
    const lengths = input.lengths as number[];
    const penalties = lengths.map((length) => overlongPenalty(length, options));
    expectClose(penalties, expected.verl_penalty);
    const allowed = lengths.filter((length) => length <= options.maximumTokens).length;
    expectClose(penalties.slice(0, allowed), expected.openrlhf_penalty.slice(0, allowed));
  });
});
