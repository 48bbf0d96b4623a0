// Numbers as steps of a colour scale: none at the middle, then four to each side. Blue and orange, which every kind of
// colour blindness tells apart; the colours themselves are the style sheet's.

export const STRONGEST = 4;

/** What a column's colours mean. */
export interface HeatScale {
  /** The value without a colour. */
  readonly middle: number;
  /** Distance from the middle with the strongest colour; above 0. */
  readonly reach: number;
  /** "ratio": distances are of logarithms, so that 1/2 is as far from 1 as 2. */
  readonly kind: "difference" | "ratio";
}

/** @returns -4..4; 0 for what is no number */
export function heatStep({ middle, reach, kind }: HeatScale, value: number): number {
  const distance = kind === "ratio" ? Math.log(value) - Math.log(middle) : value - middle;
  if (Number.isNaN(distance)) return 0;
  const step = Math.round((Math.abs(distance) / reach) * STRONGEST);
  return step === 0 ? 0 : Math.sign(distance) * Math.min(step, STRONGEST);
}

/** The value at a step, for the legend: heatStep's inverse. */
export function valueAt({ middle, reach, kind }: HeatScale, step: number): number {
  const distance = (step / STRONGEST) * reach;
  return kind === "ratio" ? middle * Math.exp(distance) : middle + distance;
}

/**
 * As many parts as there are pixels for, each the value farthest from the middle among its tokens: one odd token in
 * thousands stays visible.
 */
export function overview(scale: HeatScale, values: readonly number[], parts: number): readonly number[] {
  const length = Math.min(parts, values.length);
  return Array.from({ length }, (_, part) => {
    const from = Math.floor((part * values.length) / length);
    const to = Math.floor(((part + 1) * values.length) / length);
    const among = values.slice(from, to).filter((value) => !Number.isNaN(value));
    return among.reduce((far, value) => (farness(scale, value) > farness(scale, far) ? value : far), scale.middle);
  });
}

function farness({ middle, kind }: HeatScale, value: number): number {
  return Math.abs(kind === "ratio" ? Math.log(value) - Math.log(middle) : value - middle);
}
