// Evaluations: what runs are worth on held-out problems, as a table with errors, curves where there are more than two
// points, and differences with intervals.

import type { JSX } from "preact";
import type { RunList } from "../../src/dashboard/api/runs.js";
import { Choosers, changed } from "../evaluations/choosers.js";
import { ComparisonPanel } from "../evaluations/comparison-panel.js";
import { EvaluationCurves } from "../evaluations/evaluation-curves.js";
import { MeasureTable } from "../evaluations/measure-table.js";
import { measuresOf, type Row, rowsOf } from "../evaluations/rows.js";
import { csvOf, markdownOf } from "../evaluations/text.js";
import { chosen, useEvaluated, useMeanings } from "../evaluations/use-evaluated.js";
import { CopyButton } from "../parts/copy-button.js";
import { Answered, Empty, Failure, Loading } from "../parts/state.js";
import { goTo, linkTo } from "../route.js";
import { useAnswer } from "../use-answer.js";

export function EvaluationsView({ parameters }: { readonly parameters: URLSearchParams }): JSX.Element {
  const list = useAnswer("runs", {});
  return (
    <div class="page evaluations">
      <Answered asked={list} what="the runs">
        {(answer) => <Evaluations list={answer} parameters={parameters} />}
      </Answered>
    </div>
  );
}

interface EvaluationsProps {
  readonly list: RunList;
  readonly parameters: URLSearchParams;
}

function Evaluations({ list, parameters }: EvaluationsProps): JSX.Element {
  const choice = chosen(list, parameters);
  const meanings = useMeanings();
  const { evaluated, loading, errors } = useEvaluated(list, choice);
  const isGrouped = parameters.get("seeds") !== "each";
  const rows = rowsOf(evaluated, isGrouped);
  const hasSeeds = rowsOf(evaluated, true).length < evaluated.length;
  return (
    <>
      <header class="row">
        <h1>Evaluations</h1>
        <Choosers view="evaluations" parameters={parameters} list={list} choice={choice} />
        {hasSeeds && <SeedsSwitch isGrouped={isGrouped} parameters={parameters} />}
        <a
          class="button-link push"
          href={linkTo("matrix", { run: choice.isNamed ? choice.places : [], benchmark: choice.benchmark })}
        >
          Problem by problem →
        </a>
      </header>
      {errors.map((error) => (
        <Failure key={error} title="One is not shown" message={error} />
      ))}
      {choice.left > 0 && (
        <p class="faint">
          The first {choice.places.length} are shown, {choice.left} are left out: choose runs in the list of runs.
        </p>
      )}
      {loading && <Loading what="evaluations" />}
      {!loading && rows.length === 0 && <NothingYet benchmark={choice.benchmark} />}
      {!loading && rows.length > 0 && (
        <Tables rows={rows} benchmark={choice.benchmark} meanings={meanings} parameters={parameters} />
      )}
    </>
  );
}

interface TablesProps {
  readonly rows: readonly Row[];
  readonly benchmark: string;
  readonly meanings: Readonly<Record<string, string>>;
  readonly parameters: URLSearchParams;
}

function Tables({ rows, benchmark, meanings, parameters }: TablesProps): JSX.Element {
  const measures = measuresOf(rows, meanings);
  const problems = [...new Set(rows.map((row) => row.problems))].sort((a, b) => a - b).join(" or ");
  const members = rows.flatMap((row) => row.members);
  const isFromBefore = rows.some(({ cells }) => Object.values(cells).some(({ before }) => before !== null));
  const isOneKind = new Set(members.map(({ setting }) => setting === null)).size === 1;
  return (
    <>
      <section class="panel" aria-label="Measures">
        <div class="panel-head">
          <h2>{benchmark === "family" ? "Held-out problems" : benchmark}</h2>
          <span class="faint">
            {problems} problems, at the last step evaluated
            {isFromBefore && "; below: before training → difference"}
          </span>
          <span class="row push">
            <CopyButton label="Markdown" text={() => markdownOf(rows, measures)} />
            <CopyButton label="CSV" text={() => csvOf(rows, measures)} />
          </span>
        </div>
        <MeasureTable rows={rows} benchmark={benchmark} meanings={meanings} />
        <Legend measures={measures} meanings={meanings} />
      </section>
      <EvaluationCurves rows={rows} measures={measures} meanings={meanings} parameters={parameters} />
      {members.length > 1 && isOneKind && (
        <ComparisonPanel rows={rows} benchmark={benchmark} parameters={parameters} meanings={meanings} />
      )}
    </>
  );
}

function Legend({
  measures,
  meanings,
}: Pick<TablesProps, "meanings"> & { readonly measures: readonly string[] }): JSX.Element {
  return (
    <details class="padded">
      <summary class="faint">What the measures mean</summary>
      <dl class="meanings">
        {measures.map((name) => (
          <div key={name}>
            <dt class="mono">{name}</dt>
            <dd>{meanings[name] ?? "not in the catalogue"}</dd>
          </div>
        ))}
      </dl>
      <p class="faint">
        ± is the standard error over problems of one run, the standard deviation over seeds of several. The best of a
        column is bold.
      </p>
    </details>
  );
}

interface SeedsSwitchProps {
  readonly isGrouped: boolean;
  readonly parameters: URLSearchParams;
}

function SeedsSwitch({ isGrouped, parameters }: SeedsSwitchProps): JSX.Element {
  const go = (seeds: string | null): void => goTo("evaluations", changed(parameters, { seeds }), "replace");
  return (
    <span class="segmented" role="group" aria-label="Seeds">
      <button type="button" aria-pressed={isGrouped} onClick={() => go(null)}>
        Settings
      </button>
      <button type="button" aria-pressed={!isGrouped} onClick={() => go("each")}>
        Seeds
      </button>
    </span>
  );
}

function NothingYet({ benchmark }: { readonly benchmark: string }): JSX.Element {
  return (
    <Empty title="No evaluation yet">
      <p>
        Nothing here was evaluated on {benchmark}. A training evaluates before its first and after its last step; other
        benchmarks are evaluated with:
      </p>
      <pre>coderlplus eval humaneval --engine …</pre>
    </Empty>
  );
}
