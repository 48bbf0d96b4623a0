// A column of numbers as one strip: bars upwards in blue for what is above the middle, downwards in orange for what is
// below, so that the colour is not the only sign. And the scale's legend.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { numberText } from "./format.js";
import { type HeatScale, heatStep, overview, STRONGEST, valueAt } from "./heat.js";

const PARTS = 512;

interface HeatOverviewProps {
  readonly scale: HeatScale;
  readonly values: readonly number[];
  readonly cursor: number | null;
  readonly onToken: (token: number) => void;
}

export function HeatOverview({ scale, values, cursor, onToken }: HeatOverviewProps): JSX.Element {
  const { parts, up, down } = useMemo(() => {
    const steps = overview(scale, values, PARTS).map((value) => heatStep(scale, value));
    return { parts: steps.length, up: barsOf(steps, 1), down: barsOf(steps, -1) };
  }, [scale, values]);
  const at = cursor === null ? null : ((cursor + 0.5) / values.length) * parts;
  return (
    <svg
      class="heat-overview"
      viewBox={`0 0 ${Math.max(1, parts)} ${2 * STRONGEST}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`The whole completion, ${values.length} tokens`}
      onPointerDown={({ currentTarget, clientX }) => {
        const { left, width } = currentTarget.getBoundingClientRect();
        onToken(Math.min(values.length - 1, Math.max(0, Math.floor(((clientX - left) / width) * values.length))));
      }}
    >
      <path class="heat-middle" d={`M0 ${STRONGEST}H${parts}`} />
      <path class="heat-up" d={up} />
      <path class="heat-down" d={down} />
      {at !== null && <path class="heat-cursor" d={`M${at} 0V${2 * STRONGEST}`} />}
    </svg>
  );
}

function barsOf(steps: readonly number[], sign: 1 | -1): string {
  return steps.flatMap((step, part) => (step * sign > 0 ? [`M${part} ${STRONGEST}h1v${-step}h-1z`] : [])).join("");
}

export function HeatLegend({ scale, values }: Pick<HeatOverviewProps, "scale" | "values">): JSX.Element {
  const met = values.map((value) => heatStep(scale, value));
  const from = met.reduce((least, step) => Math.min(least, step), 0);
  const to = met.reduce((most, step) => Math.max(most, step), 0);
  const steps = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  if (from === to) return <span class="faint">every token has {numberText(scale.middle)}</span>;
  return (
    <span class="heat-legend" title="The colour of each value; what is beyond the ends has the colour of the end">
      <span class="number">{numberText(valueAt(scale, from))}</span>
      {steps.map((step) => (
        <span
          key={step}
          class={`heat-swatch${step === 0 ? "" : ` heat-${step}`}`}
          title={numberText(valueAt(scale, step))}
        />
      ))}
      <span class="number">{numberText(valueAt(scale, to))}</span>
    </span>
  );
}
