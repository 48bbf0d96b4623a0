// What a person should know whose batches are too small for their share of alignment.

import { largestShare, promptsAt } from "../alignment/share.js";
import type { Config } from "./config/schema.js";

/** Null where some step asks for an alignment prompt, or none is meant to. */
export function shareNotice({ alignment, rollouts, supervised }: Config): string | null {
  const share = largestShare(alignment);
  if (supervised !== null || share === 0 || promptsAt(rollouts.prompts, share) > 0) return null;
  return `no alignment prompts: a share of ${share} of ${rollouts.prompts} prompts is less than one; raise rollouts.prompts to ${Math.ceil(1 / share)} or more`;
}
