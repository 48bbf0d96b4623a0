// The share of alignment prompts at each step: a schedule of points with straight lines between them. How many prompts
// that is, is the mixed batch's business. Schedules are ours; the paper's share is constant (CodeRL+, 1 - alpha = 0.4).

/** The share from this step on, or on the way there. */
export interface SharePoint {
  readonly step: number;
  readonly share: number;
}

export interface Shares {
  readonly share: number;
  /** In ascending order of their steps; null: `share` throughout. */
  readonly shareSchedule: readonly SharePoint[] | null;
}

/**
 * The share at a step: linear between the points around it, constant before the first and after the last.
 *
 * @example shareAt(25, { share: 0, shareSchedule: [{ step: 24, share: 1 }, { step: 25, share: 0 }] }) === 0
 */
export function shareAt(step: number, { share, shareSchedule: points }: Shares): number {
  if (!points?.length) return share;
  const next = points.findIndex((point) => point.step > step);
  if (next === 0) return points[0].share;
  if (next < 0) return points[points.length - 1].share;
  const [from, to] = [points[next - 1], points[next]];
  return from.share + ((to.share - from.share) * (step - from.step)) / (to.step - from.step);
}

/** Alignment prompts in a batch: floor(prompts * share)   (official rollout_batch_sampler.py; 0.29 of 100 are 29). */
export function promptsAt(prompts: number, share: number): number {
  return Math.floor(prompts * share + 1e-9);
}

/** The largest share of any step. */
export function largestShare({ share, shareSchedule }: Shares): number {
  return shareSchedule === null ? share : Math.max(...shareSchedule.map((point) => point.share));
}
