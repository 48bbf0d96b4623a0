import { expect, it } from "vitest";
import { parse } from "yaml";
import { type AlgorithmName, algorithms } from "../../algorithms/algorithm.js";
import { applySettings, configText, resolveConfig } from "./resolve.js";
import type { Config } from "./schema.js";

const resolved = (...settings: string[]): Config => resolveConfig(applySettings({}, settings), "test");

it.each<[settings: string[], message: string]>([
  [["algorithm=gspo", "policy.aggregation=token-mean"], "set seq-mean-token-mean"],
  [["algorithm=cispo", "policy.dualClip=3"], "bounds every weight with clipHigh already"],
  [["policy.dualClip=1.1"], "within the clip's own bound of 1 + clipHigh = 1.2"],
  [["algorithm=dapo", "policy.clipHigh=0.1"], "dapo is to clip higher"],
  [["algorithm=gspo", "policy.importance.level=token"], "one ratio for a whole completion; set sequence"],
  [
    ["policy.klCoefficient=0.1", "policy.klPlacement=reward", "policy.klEstimator=k3"],
    "only k1 leads to the gradient of KL",
  ],
  [["policy.klEstimator=k2"], "policy.klEstimator is k2, but policy.klCoefficient is 0"],
  [["policy.klPlacement=reward"], "policy.klPlacement is reward, but policy.klCoefficient is 0"],
  [
    ["algorithm=reinforce-plus-plus", "rollouts.dynamicSampling={}", "rollouts.groupSize=1"],
    "a group of one has nothing to differ from",
  ],
  [["rollouts.groupSize=1"], "so grpo cannot learn from it"],
  [["algorithm=reinforce-plus-plus", "rollouts.dynamicSampling={}"], "groups of equal rewards teach too"],
  [["reward.overlong.bufferTokens=81"], "more than the 80 tokens of rollouts.maximumTokens"],
])("refuses %j", (settings, message) => expect(() => resolved(...settings)).toThrow(message));

it("lets an algorithm without a group's baseline learn from groups of one", () => {
  expect(resolved("algorithm=reinforce-plus-plus", "rollouts.groupSize=1").rollouts.groupSize).toBe(1);
});

it("fills in what the algorithm says, and nothing that is set", () => {
  const dapo = resolved("algorithm=dapo", "rollouts.maximumTokens=100");
  expect(dapo.policy).toMatchObject({ clipLow: 0.2, clipHigh: 0.28, aggregation: "token-mean", klCoefficient: 0 });
  expect(dapo.rollouts.dynamicSampling).toEqual({ maximumBatches: 10 });
  expect(dapo.reward.overlong).toEqual({ bufferTokens: 20, factor: 1 });
  const without = resolved("algorithm=dapo", "rollouts.dynamicSampling=null", "reward.overlong=null");
  expect([without.rollouts.dynamicSampling, without.reward.overlong]).toEqual([null, null]);
  const kl = { klCoefficient: 0.01, klEstimator: "k1", klPlacement: "reward" };
  expect(resolved("algorithm=reinforce-plus-plus").policy).toMatchObject(kl);
  expect(resolved("algorithm=reinforce-plus-plus", "policy.klPlacement=loss").policy.klEstimator).toBe("k3");
  expect(resolved("policy.klCoefficient=0.1", "policy.klPlacement=reward").policy.klEstimator).toBe("k1");
  expect(resolved("rollouts.stepsBehind=1").policy.importance).toEqual({ level: "token", cap: 2 });
  expect(resolved("algorithm=gspo", "rollouts.stepsBehind=1").policy.importance?.level).toBe("sequence");
  expect(resolved("rollouts.stepsBehind=1", "policy.importance=null").policy.importance).toBeNull();
});

it.each(Object.keys(algorithms) as AlgorithmName[])("reads the resolved config of %s as itself", (name) => {
  const config = resolved(`algorithm=${name}`);
  expect(resolveConfig(parse(configText(config)), "config.yaml")).toEqual(config);
});
