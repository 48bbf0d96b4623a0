// Exponential smoothing that does not lean on where it began.

import type { Value } from "./curves.js";

/**
 * Exponential moving average with its debiasing; null stays null and moves nothing.
 *
 * m_n = w m_(n-1) + (1 - w) x_n,  y_n = m_n / (1 - w^n), n counting defined values
 *
 * @param weight  w, from 0 (as measured) to below 1
 */
export function smooth(values: readonly Value[], weight: number): readonly Value[] {
  let moving = 0;
  let rest = 1;
  return values.map((value) => {
    if (value === null) return null;
    moving = weight * moving + (1 - weight) * value;
    rest *= weight;
    return moving / (1 - rest);
  });
}
