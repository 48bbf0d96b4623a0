// How a reader says what is compared: the benchmark, and which runs.

import type { JSX } from "preact";
import type { RunList } from "../../src/dashboard/api/runs.js";
import { placeNames } from "../parts/place-names.js";
import type { View } from "../route.js";
import { goTo } from "../route.js";
import type { Choice } from "./use-evaluated.js";

/** The address's parameters, some replaced; null takes one out. */
export function changed(
  parameters: URLSearchParams,
  changes: Readonly<Record<string, string | readonly string[] | null>>,
): Record<string, string | readonly string[] | null> {
  const kept = [...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name)] as const);
  return { ...Object.fromEntries(kept), ...changes };
}

export interface ChoosersProps {
  readonly view: View;
  readonly parameters: URLSearchParams;
  readonly list: RunList;
  readonly choice: Choice;
}

export function Choosers({ view, parameters, list, choice }: ChoosersProps): JSX.Element {
  const { benchmark, benchmarks, places, isNamed } = choice;
  const go = (changes: Parameters<typeof changed>[1]): void => goTo(view, changed(parameters, changes));
  const others = [...list.runs.map(({ run }) => run), ...list.evaluations.map(({ place }) => place)].filter(
    (place) => !places.includes(place),
  );
  return (
    <>
      <label class="row">
        <span class="faint">Benchmark</span>
        <select value={benchmark} onChange={(event) => go({ benchmark: event.currentTarget.value, measure: null })}>
          {benchmarks.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {isNamed && (
        <>
          <RunChips places={places} choose={(run) => go({ run })} />
          {others.length > 0 && (
            <select
              value=""
              aria-label="Add a run"
              onChange={(event) => go({ run: [...places, event.currentTarget.value] })}
            >
              <option value="">+ run …</option>
              {others.map((place) => (
                <option key={place} value={place}>
                  {place}
                </option>
              ))}
            </select>
          )}
          {list.runs.length + list.evaluations.length > 1 && (
            <button type="button" class="plain faint" onClick={() => go({ run: null })}>
              all
            </button>
          )}
        </>
      )}
    </>
  );
}

interface RunChipsProps {
  readonly places: readonly string[];
  readonly choose: (places: readonly string[]) => void;
}

const MOST_CHIPS = 6;

function RunChips({ places, choose }: RunChipsProps): JSX.Element {
  if (places.length > MOST_CHIPS) return <span class="chip">{places.length} chosen</span>;
  const names = placeNames(places);
  return (
    <>
      {places.map((place, i) => (
        <span class="chip" key={place} title={place}>
          {names[i]}
          {places.length > 1 && (
            <button
              type="button"
              class="plain"
              aria-label={`Leave out ${place}`}
              onClick={() => choose(places.filter((other) => other !== place))}
            >
              ×
            </button>
          )}
        </span>
      ))}
    </>
  );
}
