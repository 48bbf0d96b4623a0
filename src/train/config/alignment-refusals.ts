// Combinations of the alignment and pool keys that make no sense, with the reason and what to set.

import { largestShare, promptsAt, shareAt } from "../../alignment/share.js";
import type { Rule } from "./refusals.js";
import { type Config, DEFAULT_PER_STEP } from "./schema.js";

function shareProblem({ alignment, pool, rollouts }: Config): string | false {
  const { shareSchedule, collectSteps, source } = alignment;
  const unordered = shareSchedule?.findIndex(({ step }, i) => i > 0 && step <= shareSchedule[i - 1].step) ?? -1;
  if (shareSchedule && unordered > 0) {
    return `alignment.shareSchedule[${unordered}] is for step ${shareSchedule[unordered].step}, after one for step ${shareSchedule[unordered - 1].step}; write the points in ascending order, one for a step`;
  }
  const most = promptsAt(rollouts.prompts, largestShare(alignment));
  if (pool.capacity < most) {
    return `pool.capacity is ${pool.capacity}, less than the ${most} alignment prompts of a step; raise it`;
  }
  if (shareAt(1, alignment) === 1 && collectSteps === 0 && source !== "references") {
    const key = shareSchedule === null ? "alignment.share" : "alignment.shareSchedule's share at step 1";
    return `${key} is 1 but alignment.collectSteps is 0: without code rollouts there are no programs to learn from; set alignment.collectSteps to 1 or more, or alignment.source to references`;
  }
  if (most === 0 && collectSteps > 0) {
    return `alignment.collectSteps is ${collectSteps}, but no step has an alignment prompt: what is collected would never be asked; set it to 0, or raise alignment.share`;
  }
  return false;
}

function sourceProblem({ alignment }: Config): string | false {
  const { source, passedTests, maximumPerStep, collectSteps, minimumComplexity, maximumComplexity } = alignment;
  if (minimumComplexity > maximumComplexity) {
    return `alignment.minimumComplexity is ${minimumComplexity} and maximumComplexity ${maximumComplexity}: no program lies between them`;
  }
  if (source === "references" && collectSteps > 0) {
    return `alignment.collectSteps is ${collectSteps} but alignment.source is references: those need no rollouts to be collected first; set alignment.collectSteps to 0`;
  }
  if (source === "references" && maximumPerStep !== null && maximumPerStep !== DEFAULT_PER_STEP) {
    return `alignment.maximumPerStep is ${maximumPerStep} but alignment.source is references, of which a step takes as many as it asks for; leave it out`;
  }
  if (passedTests !== "any" && source !== "failed" && source !== "all") {
    return `alignment.passedTests is ${passedTests} but alignment.source is ${source}, which has no failed programs; leave it at any, or take the source failed or all`;
  }
  return false;
}

export const alignmentRules: readonly Rule[] = [shareProblem, sourceProblem];
