// The matrix: runs against the problems of an evaluation, what was fixed and broken between two of them, and what was
// written for each.

import type { JSX } from "preact";
import type { RunList } from "../../src/dashboard/api/runs.js";
import { Choosers, changed } from "../evaluations/choosers.js";
import { type Choice, chosen, useMeanings } from "../evaluations/use-evaluated.js";
import { useKeys } from "../keyboard.js";
import { labelled, shownOf } from "../matrix/address.js";
import { Change } from "../matrix/change.js";
import { Grid } from "../matrix/grid.js";
import { type Column, joined, type Order, orders } from "../matrix/outcomes.js";
import { Written } from "../matrix/written.js";
import { Answered, Empty, Failure, Loading } from "../parts/state.js";
import { goTo } from "../route.js";
import { useAnswer } from "../use-answer.js";
import { useAnswers } from "../use-answers.js";

export function MatrixView({ parameters }: { readonly parameters: URLSearchParams }): JSX.Element {
  const list = useAnswer("runs", {});
  return (
    <div class="page matrix">
      <Answered asked={list} what="the runs">
        {(answer) => <MatrixPage list={answer} parameters={parameters} />}
      </Answered>
    </div>
  );
}

interface MatrixPageProps {
  readonly list: RunList;
  readonly parameters: URLSearchParams;
}

/** Up to here a column's name fits above it as it is read. */
const MOST_WIDE = 6;

type Changes = Readonly<Record<string, string | null>>;

function MatrixPage({ list, parameters }: MatrixPageProps): JSX.Element {
  const choice = chosen(list, parameters);
  const meanings = useMeanings();
  const { problems, columns, measures, measure, errors, skipped, loading } = useMatrix(list, choice, parameters);
  const shown = shownOf(parameters, problems, columns);
  const go = (changes: Changes, how: "push" | "replace" = "push"): void =>
    goTo("matrix", changed(parameters, changes), how);
  const open = { problem: parameters.get("problem") ?? "", column: parameters.get("column") ?? "" };
  const column = columns.find(({ id }) => id === open.column);
  const index = problems.indexOf(open.problem);
  const onOpen = (problem: string, at: Column): void => go({ problem, column: at.id }, "replace");
  const close = (): void => go({ problem: null, column: null }, "replace");
  useKeys("Matrix", [{ keys: "Escape", says: "close what was written", run: close }]);
  return (
    <>
      <header class="row">
        <h1>Problem by problem</h1>
        <Choosers view="matrix" parameters={parameters} list={list} choice={choice} />
        <MeasureSelect
          measures={measures}
          measure={measure}
          meanings={meanings}
          onChoose={(name) => go({ measure: name })}
        />
      </header>
      {errors.map((error) => (
        <Failure key={error} title="Cannot show the matrix" message={error} />
      ))}
      {skipped.length > 0 && (
        <details class="faint">
          <summary>
            {skipped.length} run{skipped.length === 1 ? " has" : "s have"} no column
          </summary>
          <ul>
            {skipped.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </details>
      )}
      {columns.length === 0 && loading && <Loading what="the matrix" />}
      {columns.length === 0 && !loading && errors.length === 0 && <NothingYet />}
      {columns.length > 0 && (
        <>
          {shown.pair && (
            <Change columns={columns} problems={problems} {...shown} pair={shown.pair} go={go} onOpen={onOpen} />
          )}
          <Tools order={shown.order} find={shown.find} hasPair={shown.pair !== null} rows={shown.rows.length} go={go} />
          <div
            class={`matrix-body${columns.length > MOST_WIDE ? " narrow" : ""}${index >= 0 && column ? " beside" : ""}`}
            style={{ "--runs": String(columns.length) }}
          >
            <Grid problems={problems} columns={columns} {...shown} measure={measure} open={open} onOpen={onOpen} />
            {index >= 0 && column && (
              <Written
                problem={open.problem}
                {...{ index, column, columns, measure, meanings }}
                benchmark={choice.benchmark}
                onColumn={(other) => onOpen(open.problem, other)}
                onClose={close}
              />
            )}
          </div>
        </>
      )}
    </>
  );
}

interface UseMatrix {
  readonly problems: readonly string[];
  readonly columns: readonly Column[];
  readonly measures: readonly string[];
  readonly measure: string;
  readonly errors: readonly string[];
  /** Why runs that were asked for have no column. */
  readonly skipped: readonly string[];
  readonly loading: boolean;
}

/** Every run at its last evaluation; of one run alone, and where the address says so, before training too. */
function useMatrix(list: RunList, { places, benchmark }: Choice, parameters: URLSearchParams): UseMatrix {
  const asked = parameters.get("measure");
  const named = { runs: places, benchmark, ...(asked === null ? {} : { measure: asked }) };
  const withFirst = places.length === 1 || parameters.get("before") === "1";
  const questions = places.length === 0 ? [] : withFirst ? [{ ...named, step: 0 }, named] : [named];
  const answers = useAnswers(
    "matrix",
    questions.map((question) => ({ ...question, runs: [...question.runs] })),
  );
  const known = answers.flatMap(({ answer }) => answer ?? []);
  const last = known.at(-1);
  const { problems, columns } = joined(known);
  const nameOf = (run: string): string => list.runs.find((other) => other.run === run)?.name ?? run;
  return {
    problems,
    columns: labelled(columns, nameOf),
    measures: last?.measures ?? [],
    measure: last?.measure ?? asked ?? "",
    // Before training there may be nothing: a folder of evaluations has no such step.
    errors: last ? [] : answers.flatMap(({ error }) => error ?? []),
    skipped: last?.skipped ?? [],
    loading: answers.some(({ loading }) => loading),
  };
}

interface MeasureSelectProps {
  readonly measures: readonly string[];
  readonly measure: string;
  readonly meanings: Readonly<Record<string, string>>;
  readonly onChoose: (measure: string) => void;
}

function MeasureSelect({ measures, measure, meanings, onChoose }: MeasureSelectProps): JSX.Element | null {
  if (measures.length === 0) return null;
  return (
    <>
      <label class="row" title={meanings[measure] ?? measure}>
        <span class="faint">Measure</span>
        <select value={measure} onChange={(event) => onChoose(event.currentTarget.value)}>
          {measures.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <span class="faint wide-only">{meanings[measure]}</span>
    </>
  );
}

interface ToolsProps {
  readonly order: Order;
  readonly find: string;
  readonly hasPair: boolean;
  readonly rows: number;
  readonly go: (changes: Changes, how?: "push" | "replace") => void;
}

const ORDER_NAMES: Readonly<Record<Order, string>> = {
  worst: "lowest mean first",
  best: "highest mean first",
  difference: "what changed, worse first",
  id: "by name",
};

function Tools({ order, find, hasPair, rows, go }: ToolsProps): JSX.Element {
  return (
    <div class="row">
      <label class="row">
        <span class="faint">Order</span>
        <select value={order} onChange={(event) => go({ order: event.currentTarget.value }, "replace")}>
          {orders
            .filter((name) => hasPair || name !== "difference")
            .map((name) => (
              <option key={name} value={name}>
                {ORDER_NAMES[name]}
              </option>
            ))}
        </select>
      </label>
      <input
        type="search"
        value={find}
        placeholder="Part of a problem's name"
        aria-label="Part of a problem's name"
        onInput={(event) => go({ find: event.currentTarget.value }, "replace")}
      />
      <span class="faint">
        {rows} problem{rows === 1 ? "" : "s"}; ✓ right, × wrong, .4 between, empty: not met; arrows move, Enter opens
      </span>
    </div>
  );
}

function NothingYet(): JSX.Element {
  return (
    <Empty title="Nothing to compare problem by problem">
      <p>A run appears here after its first evaluation, before its first step.</p>
    </Empty>
  );
}
