import { describe, expect, it } from "vitest";
import { type EmbeddedEstimate, estimateRun } from "../train/estimate.js";
import { checkMemory } from "../train/fit.js";
import { estimateText } from "./estimate.js";
import { namedConfig } from "./named-config.js";

function estimateOf(...settings: string[]): EmbeddedEstimate {
  return estimateRun(namedConfig("coderlplus", settings)) as EmbeddedEstimate;
}

function bytesOf(estimate: EmbeddedEstimate, name: string): number {
  return estimate.memory.find((part) => part.name === name)?.bytes ?? 0;
}

describe("the estimate of a run", () => {
  it("adds up its parts and says whether they fit", () => {
    const estimate = estimateOf();
    expect(estimate.totalBytes).toBe(estimate.memory.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(estimate.fits).toBe(true);
    expect(estimateText(estimate)).toMatch(/judge workers +580\n[^]*\nfits: the machine has [\d,]+ MB/);
  });

  it("counts every part once", () => {
    const { memory } = estimateOf("policy.klCoefficient=0.01", "engine.lora={}");
    expect(memory.filter(({ name }) => name.includes("packed")).length).toBe(1);
    expect(new Set(memory.map(({ name }) => name)).size).toBe(memory.length);
  });

  it("follows the settings: fewer bytes where layers are computed again, more for a reference and longer answers", () => {
    const batch = "a batch's activations and gradients";
    const plain = estimateOf();
    const again = estimateOf("engine.recompute=always");
    expect(bytesOf(again, batch)).toBeLessThan(0.8 * bytesOf(plain, batch));
    expect(again.gradientFlopsPerToken).toBeCloseTo((plain.gradientFlopsPerToken * 4) / 3, 0);
    expect(bytesOf(plain, "reference policy")).toBe(0);
    expect(bytesOf(estimateOf("policy.klCoefficient=0.01"), "reference policy")).toBeGreaterThan(1e6);
    expect(estimateOf("rollouts.maximumTokens=160").stepFlops).toBeGreaterThan(1.5 * plain.stepFlops);
  });

  it("keeps to a limit with smaller batches and fewer workers, the same batches for any number of threads", () => {
    const free = estimateOf("engine.threads=4", "engine.microBatchTokens=8192");
    const bound = (threads: number) =>
      estimateOf(`engine.threads=${threads}`, "engine.microBatchTokens=8192", "engine.memoryLimitBytes=400000000");
    expect(free.workers).toBe(4);
    expect(bound(4).workers).toBeLessThan(4);
    expect(bound(4).fits).toBe(true);
    expect(bound(4).batch.tokens).toBeLessThan(free.batch.tokens);
    expect(bound(1).batch).toEqual(bound(4).batch);
  });

  it("refuses before the run what cannot fit, and says what would", () => {
    const check = (...settings: string[]) => checkMemory(namedConfig("coderlplus", settings));
    expect(() => check("rollouts.groupSize=100000000")).toThrow(
      /needs about .* GB of memory, the machine has .*rollouts of a step.*lower rollouts\.prompts/,
    );
    expect(() => check("engine.memoryLimitBytes=1000000")).toThrow(
      /engine\.memoryLimitBytes is 1000000, but this model needs about/,
    );
    expect(() => check("engine.memoryLimitBytes=182000000")).toThrow(/a sequence of 256 tokens needs about/);
  });
});
