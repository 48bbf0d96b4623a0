// A column of numbers as one strip: bars upwards in blue for what is above the middle, downwards in orange for what is
// below, so that the colour is not the only sign. And the scale's legend.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { type HeatScale, heatStep, overview, STRONGEST, valueAt } from "./heat.js";
import { numberText } from "./format.js";

const PARTS = 512;

interface HeatOverviewProps {
  readonly scale: HeatScale;
  readonly values: readonly number[];
  readonly cursor: number | null;
  readonly onToken: (token: number) => void;
}

export function HeatOverview({ scale, values, cursor, onToken }: HeatOverviewProps): JSX.Element {
  const steps = useMemo(() => overview(scale, values, PARTS).map((value) => heatStep(scale, value)), [scale, values]);
  const bars = (sign: 1 | -1): string =>
    steps
      .flatMap((step, part) => (step * sign > 0 ? [`M${part} ${STRONGEST}h1v${-step}h-1z`] : []))
      .join("");
  const at = cursor === null ? null : ((cursor + 0.5) / values.length) * steps.length;
  return (
    <svg
      class="heat-overview"
      viewBox={`0 0 ${Math.max(1, steps.length)} ${2 * STRONGEST}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`The whole completion, ${values.length} tokens`}
      onPointerDown={({ currentTarget, clientX }) => {
        const { left, width } = currentTarget.getBoundingClientRect();
        onToken(Math.min(values.length - 1, Math.max(0, Math.floor(((clientX - left) / width) * values.length))));
      }}
    >
      <path class="heat-middle" d={`M0 ${STRONGEST}H${steps.length}`} />
      <path class="heat-up" d={bars(1)} />
      <path class="heat-down" d={bars(-1)} />
      {at !== null && <path class="heat-cursor" d={`M${at} 0V${2 * STRONGEST}`} />}
    </svg>
  );
}

export function HeatLegend({ scale, values }: Pick<HeatOverviewProps, "scale" | "values">): JSX.Element {
  const from = values.some((value) => value < scale.middle) ? -STRONGEST : 0;
  const to = values.some((value) => value > scale.middle) ? STRONGEST : 0;
  const steps = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  if (from === to) return <span class="faint">every token has {numberText(scale.middle)}</span>;
  return (
    <span class="heat-legend" title="The colour of each value; what is beyond the ends has the colour of the end">
      <span class="number">{numberText(valueAt(scale, from))}</span>
      {steps.map((step) => (
        <span key={step} class={`heat-swatch${step === 0 ? "" : ` heat-${step}`}`} title={numberText(valueAt(scale, step))} />
      ))}
      <span class="number">{numberText(valueAt(scale, to))}</span>
    </span>
  );
}
