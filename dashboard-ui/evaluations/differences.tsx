// Settings against a baseline: each measure's paired difference as a bar with its interval, zero marked.

import type { JSX } from "preact";
import type { ComparisonTable } from "../../src/dashboard/api/runs.js";
import { signed } from "./text.js";

export interface DifferencesProps {
  readonly table: ComparisonTable;
  readonly meanings: Readonly<Record<string, string>>;
}

const WIDTH = 150;
const HEIGHT = 18;

type Interval = NonNullable<ComparisonTable["measures"][number]["groups"][number]["against"]>;

export function Differences({ table, meanings }: DifferencesProps): JSX.Element {
  const { groups, measures } = table;
  const compared = groups.flatMap((group, i) => (group.against === null ? [] : [{ ...group, i }]));
  const widest = Math.max(0.001, ...measures.flatMap((row) => row.groups.flatMap(({ against }) => reach(against))));
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Differences with intervals">
      <table class="difference-table">
        <thead>
          <tr>
            <th scope="col">points</th>
            {compared.map(({ name, against, seeds }) => (
              <th key={name} scope="col" title={`seeds ${seeds.join(", ")}`}>
                {name} <small>against {against}</small>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {measures.map(({ measure, groups: row }) => (
            <tr key={measure}>
              <th scope="row" title={meanings[measure] ?? ""}>
                {measure}
              </th>
              {compared.map(({ name, i }) => (
                <DifferenceCell
                  key={name}
                  interval={row[i]?.against ?? null}
                  isRewarded={row[i]?.rewarded ?? false}
                  widest={widest}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function reach(interval: Interval | null): number[] {
  return interval === null ? [] : [Math.abs(interval.low), Math.abs(interval.high)];
}

interface DifferenceCellProps {
  readonly interval: Interval | null;
  readonly isRewarded: boolean;
  /** What the bar's half is, in the measure's unit: one scale for the whole table. */
  readonly widest: number;
}

function DifferenceCell({ interval, isRewarded, widest }: DifferenceCellProps): JSX.Element {
  if (interval === null) return <td class="none">no common seed</td>;
  const { difference, low, high } = interval;
  const isClear = low > 0 || high < 0;
  const text = `${signed(difference)} [${signed(low)}, ${signed(high)}]`;
  const rewarded = isRewarded ? " Its own reward contains this measure." : "";
  return (
    <td
      class={isClear ? "clear" : ""}
      title={`${text}; ${isClear ? "without" : "with"} zero in the interval.${rewarded}`}
    >
      <IntervalBar interval={interval} widest={widest} label={text} />
      <span class="value">{signed(difference)}</span>
      <small>
        [{signed(low)}, {signed(high)}]{isRewarded && " *"}
      </small>
    </td>
  );
}

interface IntervalBarProps {
  readonly interval: Interval;
  readonly widest: number;
  readonly label: string;
}

/** Filled where zero lies outside, hollow where it does not. */
function IntervalBar({ interval: { difference, low, high }, widest, label }: IntervalBarProps): JSX.Element {
  const x = (value: number): number => ((value / widest) * 0.48 + 0.5) * WIDTH;
  const isClear = low > 0 || high < 0;
  const middle = HEIGHT / 2;
  return (
    <svg
      class="interval"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={label}
    >
      <line class="zero" x1={x(0)} x2={x(0)} y1={0} y2={HEIGHT} />
      <line class="span" x1={x(low)} x2={x(high)} y1={middle} y2={middle} />
      <line class="span" x1={x(low)} x2={x(low)} y1={middle - 4} y2={middle + 4} />
      <line class="span" x1={x(high)} x2={x(high)} y1={middle - 4} y2={middle + 4} />
      <circle class={isClear ? "point clear" : "point"} cx={x(difference)} cy={middle} r={4} />
    </svg>
  );
}
