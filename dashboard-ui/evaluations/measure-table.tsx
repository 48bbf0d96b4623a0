// The table as papers have it: a row a run or a setting, a column a measure; under each number where it came from.

import type { JSX } from "preact";
import { linkTo } from "../route.js";
import { type Cell, measuresOf, type Row } from "./rows.js";
import { percent, signed } from "./text.js";

export interface MeasureTableProps {
  readonly rows: readonly Row[];
  readonly benchmark: string;
  readonly meanings: Readonly<Record<string, string>>;
}

export function MeasureTable({ rows, benchmark, meanings }: MeasureTableProps): JSX.Element {
  const measures = measuresOf(rows, meanings);
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Measures of all rows">
      <table class="measure-table">
        <thead>
          <tr>
            <th scope="col">per cent</th>
            {measures.map((name) => (
              <th key={name} scope="col" title={meanings[name] ?? name}>
                <a href={linkTo("matrix", { run: runsIn(rows), benchmark, measure: name })}>{spaced(name)}</a>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              <RowHead row={row} />
              {measures.map((name) => (
                <MeasureCell key={name} row={row} name={name} meaning={meanings[name] ?? ""} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function RowHead({ row }: { readonly row: Row }): JSX.Element {
  const { members, name, steps } = row;
  const [only] = members;
  const seeds = members.flatMap(({ seed }) => seed ?? []);
  return (
    <th scope="row" title={members.map(({ run }) => run).join("\n")}>
      {members.length === 1 && only?.setting !== null ? (
        <a href={linkTo("run", { run: only?.run })}>{name}</a>
      ) : (
        <span>{name}</span>
      )}
      <small>
        {steps[0] === steps[1] ? `step ${steps[1]}` : `steps ${steps[0]} → ${steps[1]}`}
        {seeds.length > 1 && `, seeds ${seeds.sort((a, b) => a - b).join(", ")}`}
        {members.some(({ finished }) => !finished) && ", not finished"}
      </small>
    </th>
  );
}

interface MeasureCellProps {
  readonly row: Row;
  readonly name: string;
  readonly meaning: string;
}

function MeasureCell({ row, name, meaning }: MeasureCellProps): JSX.Element {
  const cell = row.cells[name];
  if (!cell) return <td class="none">–</td>;
  const { before, value, error, isBest } = cell;
  return (
    <td class={isBest ? "best" : ""} title={explained(row, name, meaning, cell)}>
      <span class="value">{percent(value)}</span>
      <span class="error"> ± {percent(error)}</span>
      {before !== null && (
        <small>
          {percent(before)} → <b>{signed(value - before)}</b>
        </small>
      )}
    </td>
  );
}

function explained(row: Row, name: string, meaning: string, { before, value, error, isBest }: Cell): string {
  const count = row.members.length;
  const what = count > 1 ? `standard deviation over ${count} runs` : `standard error over ${row.problems} problems`;
  return [
    `${name}: ${meaning}`,
    `${row.name}, step ${row.steps[1]}: ${percent(value)} ± ${percent(error)} (${what})`,
    ...(before === null ? [] : [`before training: ${percent(before)}, difference ${signed(value - before)}`]),
    ...(isBest ? ["the best of its column"] : []),
  ].join("\n");
}

function runsIn(rows: readonly Row[]): string[] {
  return rows.flatMap(({ members }) => members.map(({ run }) => run));
}

/** A name that may break between its words. */
function spaced(name: string): string {
  return name.replaceAll("_", " ");
}
