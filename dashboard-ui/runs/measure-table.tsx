// Held-out results of compared runs, as `coderlplus compare` says them: means over seeds, and paired intervals against the
// first group.

import type { JSX } from "preact";
import type { ComparisonTable } from "../../src/dashboard/api/runs.js";
import { Differences } from "../evaluations/differences.js";
import { percentText } from "../parts/format.js";
import { Answered } from "../parts/state.js";
import { useAnswer } from "../use-answer.js";

export function MeasureTable({ runs }: { readonly runs: readonly string[] }): JSX.Element {
  const asked = useAnswer("comparison", { runs: [...runs] });
  return (
    <section class="stack">
      <h2>Held-out problems</h2>
      <Answered asked={asked} what="the comparison">
        {(table) => (table.refusal === null ? <Measures table={table} /> : <p class="notice">{table.refusal}</p>)}
      </Answered>
    </section>
  );
}

function Measures({ table }: { readonly table: ComparisonTable }): JSX.Element {
  const measures = useAnswer("catalogue", {}).answer?.measures ?? {};
  const isCompared = table.groups.some(({ against }) => against !== null);
  return (
    <>
      <p class="faint">
        After training, mean of the seeds ± their standard deviation; * marks what the group was rewarded for.
      </p>
      <div class="panel scroll-x">
        <table class="compared">
          <thead>
            <tr>
              <th>Measure</th>
              <th class="number" title="Mean of all runs before training">
                Before
              </th>
              {table.groups.map(({ name, seeds }) => (
                <th key={name} class="number" title={`Seeds ${seeds.join(", ")}`}>
                  {name}
                  <div>
                    {seeds.length} {seeds.length === 1 ? "seed" : "seeds"}
                  </div>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.measures.map((row) => (
              <tr key={row.measure}>
                <td title={measures[row.measure]}>{row.measure}</td>
                <td class="number faint">{percentText(row.base)}</td>
                {row.groups.map((group, i) => (
                  <GroupCell key={table.groups[i]?.name} group={group} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {isCompared ? (
        <>
          <p class="faint">
            Differences in points, paired by seed and problem, with their 95 % intervals: a filled point is one whose
            interval leaves out 0.
          </p>
          <Differences table={table} meanings={measures} />
        </>
      ) : null}
    </>
  );
}

function GroupCell({ group }: { readonly group: ComparisonTable["measures"][number]["groups"][number] }): JSX.Element {
  const { value, spread, rewarded } = group;
  return (
    <td class="number">
      <strong>{percentText(value)}</strong> <span class="faint">± {percentText(spread)}</span>
      {rewarded ? (
        <span class="faint" title="This group's own reward contains this measure">
          {" "}
          *
        </span>
      ) : null}
    </td>
  );
}
