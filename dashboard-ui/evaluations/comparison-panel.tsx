// The part of the view that says which differences are more than luck. Asked for only where there are two runs or more.

import type { JSX } from "preact";
import type { ComparisonTable } from "../../src/dashboard/api/runs.js";
import { CopyButton } from "../parts/copy-button.js";
import { Answered } from "../parts/state.js";
import { goTo } from "../route.js";
import { useAnswer } from "../use-answer.js";
import { changed } from "./choosers.js";
import { Differences } from "./differences.js";
import type { Row } from "./rows.js";
import { differencesCsv, differencesMarkdown } from "./text.js";

export interface ComparisonPanelProps {
  readonly rows: readonly Row[];
  readonly benchmark: string;
  readonly parameters: URLSearchParams;
  readonly meanings: Readonly<Record<string, string>>;
}

export function ComparisonPanel({ rows, benchmark, parameters, meanings }: ComparisonPanelProps): JSX.Element {
  const against = rows.find(({ key }) => key === parameters.get("against")) ?? rows[0];
  const inOrder = against ? [against, ...rows.filter((row) => row !== against)] : [];
  const members = inOrder.flatMap((row) => row.members);
  const finished = members.filter((member) => member.finished);
  const asked = useAnswer("comparison", finished.length > 1 ? { runs: finished.map(({ run }) => run) } : null);
  const left = members.length - finished.length;
  const hasSeeds = members.every(({ seed }) => seed !== null);
  return (
    <section class="panel" aria-label="Differences">
      <div class="panel-head">
        <h2>Differences</h2>
        <label class="row">
          <span class="faint">against</span>
          <select
            value={against?.key}
            onChange={(event) => goTo("evaluations", changed(parameters, { against: event.currentTarget.value }))}
          >
            {rows.map(({ key, name }) => (
              <option key={key} value={key}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {asked.answer && asked.answer.refusal === null && <Copies table={ofBenchmark(asked.answer, benchmark)} />}
      </div>
      {finished.length < 2 ? (
        <p class="padded faint">Two finished runs or more can be compared; here are {finished.length}.</p>
      ) : (
        <Answered asked={asked} what="the comparison">
          {(table) =>
            table.refusal !== null ? (
              <p class="padded">{table.refusal}</p>
            ) : (
              <>
                <Differences table={ofBenchmark(table, benchmark)} meanings={meanings} />
                <p class="padded faint">
                  {hasSeeds
                    ? "Mean difference in points between runs of the same seed on the same problems, with its 95 % interval from 2000 bootstrap draws of seeds and problems"
                    : "Mean difference in points on the same tasks, with its 95 % interval from a bootstrap over tasks"}
                  ; the point is filled where zero lies outside. * The group's own reward contains the measure.
                  {left > 0 && ` Left out, not finished: ${left}.`}
                </p>
              </>
            )
          }
        </Answered>
      )}
    </section>
  );
}

/** Folders of evaluations are compared in all their benchmarks, whose names stand before the measures'. */
function ofBenchmark(table: ComparisonTable, benchmark: string): ComparisonTable {
  const own = table.measures.filter(({ measure }) => measure.startsWith(`${benchmark} `));
  return own.length === 0 ? table : { ...table, measures: own };
}

function Copies({ table }: { readonly table: ComparisonTable }): JSX.Element {
  return (
    <span class="row push">
      <CopyButton label="Markdown" text={() => differencesMarkdown(table)} />
      <CopyButton label="CSV" text={() => differencesCsv(table)} />
    </span>
  );
}
