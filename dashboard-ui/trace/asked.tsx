// What an alignment rollout was asked about the traced program: predicted against true, and where that is in the text.

import type { JSX } from "preact";
import type { AskedValue, RolloutDetail } from "../../src/dashboard/api/rollouts.js";
import { lineOf, variableOf, variablePlaces } from "../parts/asked-places.js";
import type { Mark } from "../parts/code.js";
import type { Language } from "../parts/highlight.js";
import { VisibleText } from "../parts/visible-text.js";

/** By variable. */
export function askedByVariable(rollout: RolloutDetail | null): ReadonlyMap<string, AskedValue> {
  return new Map((rollout?.alignment?.values ?? []).map((value) => [variableOf(value.name), value]));
}

export function askedMarks(text: string, language: Language, asked: ReadonlyMap<string, AskedValue>): Mark[] {
  if (asked.size === 0) return [];
  const places = variablePlaces(text, language);
  return [...asked].flatMap(([name, value]) =>
    (places.get(name) ?? []).map(({ from, to }) => ({
      from,
      to,
      look: value.right ? "right" : "wrong",
      label: `asked: ${value.name}; true ${value.truth}, predicted ${value.predicted ?? "nothing"}`,
    })),
  );
}

interface AskedTableProps {
  readonly values: readonly AskedValue[];
  /** To where the value became what it is in the end. */
  readonly onSeek: (variable: string) => void;
  readonly onLine: (line: number) => void;
}

export function AskedTable({ values, onSeek, onLine }: AskedTableProps): JSX.Element {
  return (
    <div class="scroll-x">
      <table class="trace-asked">
        <thead>
          <tr>
            <th>Asked</th>
            <th>Predicted</th>
            <th>True</th>
            <th>
              <span class="hidden-text">Right or wrong</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {values.map(({ name, predicted, truth, right }) => {
            const line = lineOf(name);
            return (
              <tr key={name}>
                <td class="mono">
                  <button
                    type="button"
                    class="plain"
                    title="to where it was decided"
                    onClick={() => (line === null ? onSeek(variableOf(name)) : onLine(line))}
                  >
                    <VisibleText text={name} />
                  </button>
                </td>
                <td class="mono">
                  {predicted === null ? <span class="faint">nothing</span> : <VisibleText text={predicted} />}
                </td>
                <td class="mono">
                  <VisibleText text={truth} />
                </td>
                <td class={right ? "good" : "bad"}>{right ? "✓ right" : "✗ wrong"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
