import { describe, expect, it } from "vitest";
import { applySettings, resolveConfig } from "./config/resolve.js";
import type { Config } from "./config/schema.js";
import { extensionNotice, learningRateAt } from "./schedule.js";

const configOf = (...settings: string[]): Config =>
  resolveConfig(applySettings({}, ["optimizer.learningRate=1", "train.steps=12", ...settings]), "test");
const rates = (config: Config, steps: readonly number[]): number[] => steps.map((step) => learningRateAt(step, config));

describe("the learning rate", () => {
  it("rises over the warm-up and then stays", () => {
    const config = configOf("optimizer.warmUpSteps=4");
    expect(rates(config, [1, 2, 4, 5, 12])).toEqual([0.25, 0.5, 1, 1, 1]);
    expect(rates(configOf("optimizer.warmUpSteps=0"), [1, 12])).toEqual([1, 1]);
  });

  it("falls in a line or along a cosine to its final share at the last step", () => {
    const shape = ["optimizer.warmUpSteps=2", "optimizer.finalShare=0.2"];
    const line = rates(configOf(...shape, "optimizer.schedule=linear"), [2, 7, 12]);
    const cosine = rates(configOf(...shape, "optimizer.schedule=cosine"), [2, 7, 12]);
    for (const found of [line, cosine]) {
      for (const [i, expected] of [1, 0.6, 0.2].entries()) expect(found[i]).toBeCloseTo(expected, 12);
    }
    // torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10, eta_min=0.2) after 2 steps, from a rate of 1
    expect(learningRateAt(4, configOf(...shape, "optimizer.schedule=cosine"))).toBeCloseTo(0.9236067977, 9);
  });

  it("does not count steps that only collect", () => {
    const settings = ["optimizer.warmUpSteps=2", "optimizer.schedule=linear"];
    const collecting = configOf(...settings, "train.steps=22", "alignment.collectSteps=10", "alignment.share=1");
    expect(rates(collecting, [10, 11, 12, 17, 22])).toEqual([0, ...rates(configOf(...settings), [1, 2, 7, 12])]);
  });

  it("never leaves 0 to the rate of the config, whatever the schedule", () => {
    for (const schedule of ["constant", "linear", "cosine"]) {
      const found = rates(
        configOf(`optimizer.schedule=${schedule}`),
        Array.from({ length: 12 }, (_, i) => i + 1),
      );
      for (const rate of found) {
        expect(rate).toBeGreaterThanOrEqual(0);
        expect(rate).toBeLessThanOrEqual(1);
      }
    }
  });

  it("jumps to the longer schedule where a run is extended, and a person is told", () => {
    const longer = configOf("train.steps=24", "optimizer.schedule=linear", "optimizer.warmUpSteps=0");
    expect(extensionNotice(longer, 12, 12)).toMatch(
      /train\.steps was 12 and is 24: .* from 0\.00 to 0\.458 at step 13/,
    );
    expect(extensionNotice(longer, 24, 12)).toBeNull();
    expect(extensionNotice(configOf("train.steps=24"), 12, 12)).toBeNull();
  });
});
