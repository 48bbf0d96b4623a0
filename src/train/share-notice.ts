// What a person should know whose steps have no alignment prompts: because the batch is too small for its share, or because
// no program becomes an example.

import { dropReasons } from "../alignment/example.js";
import { largestShare, promptsAt, shareAt } from "../alignment/share.js";
import type { StepMetrics } from "../runs/metrics.js";
import type { Config } from "./config/schema.js";

/** Null where some step asks for an alignment prompt, or none is meant to. */
export function shareNotice({ alignment, rollouts, supervised }: Config): string | null {
  const share = largestShare(alignment);
  if (supervised !== null || share === 0 || promptsAt(rollouts.prompts, share) > 0) return null;
  return `no alignment prompts: a share of ${share} of ${rollouts.prompts} prompts is less than one; raise rollouts.prompts to ${Math.ceil(1 / share)} or more`;
}

/** Steps that a pool may take to fill: failed programs come with time, reference programs are there at once. */
const PATIENCE = 10;

/** What to say after a step, once, where the pool has never held as many examples as a step asks for; else null. */
export function poolWatch({ alignment, rollouts }: Config): (metrics: StepMetrics) => string | null {
  let left = alignment.source === "references" ? 1 : PATIENCE;
  let candidates = 0;
  const dropped = new Map<string, number>();
  return (metrics) => {
    const { step } = metrics;
    const wanted = promptsAt(rollouts.prompts, shareAt(step, alignment));
    if (left === 0 || wanted === 0 || step <= alignment.collectSteps) return null;
    const size = metrics["alignment/pool_size"] ?? 0;
    candidates += metrics["alignment/candidates"] ?? 0;
    for (const reason of dropReasons) {
      dropped.set(reason, (dropped.get(reason) ?? 0) + (metrics[`alignment/dropped_${reason}`] ?? 0));
    }
    left = size >= wanted ? 0 : left - 1;
    if (size >= wanted || left > 0) return null;
    const reasons = [...dropped].filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]);
    const why = reasons.slice(0, 3).map(([reason, count]) => `${count} ${reason}`);
    const instead = alignment.source === "failed" ? "; alignment.source: all or references takes other programs" : "";
    return `no alignment prompts so far: after step ${step} the pool holds ${size} of the ${wanted} that a step asks for; of ${candidates} programs ${why.join(", ") || "none"} were left out${instead}`;
  };
}
