import { expect, it } from "vitest";
import { goldenCase } from "../algorithms/test-golden.js";
import { passAtK } from "./pass-at-k.js";

it("pass@k agrees with the golden numbers: eval/pass_at_k", () => {
  const { input, expected } = goldenCase("eval/pass_at_k");
  for (const [i, value] of (expected["pass@k"] as number[]).entries()) {
    expect(passAtK(input.n[i], input.c[i], input.k[i])).toBeCloseTo(value, 12);
  }
});
