// The list of runs: which there are, how far they have come, what they reached; from here one is opened or several compared.

import type { JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";
import type { RunList, RunSummary } from "../../src/dashboard/api/runs.js";
import { useKeys } from "../keyboard.js";
import { Answered, Empty } from "../parts/state.js";
import { goTo, linkTo, withChanges } from "../route.js";
import { EvaluationFolders } from "../runs/evaluation-folders.js";
import { groupedRuns, keptRuns, type RunOrder, type SortColumn, sortColumns } from "../runs/run-rows.js";
import { RunTable } from "../runs/run-table.js";
import { useAnswer } from "../use-answer.js";

interface ViewProps {
  readonly parameters: URLSearchParams;
}

export function RunsView({ parameters }: ViewProps): JSX.Element {
  return (
    <div class="page">
      <Answered asked={useAnswer("runs", {})} what="the runs">
        {(list) =>
          list.runs.length + list.evaluations.length === 0 ? (
            <NoRuns />
          ) : (
            <RunsFound list={list} parameters={parameters} />
          )
        }
      </Answered>
    </div>
  );
}

function NoRuns(): JSX.Element {
  return (
    <Empty title="No run here yet">
      <p>Start one with this command where the dashboard runs; it appears here as it trains:</p>
      <pre>
        <code>coderlplus train</code>
      </pre>
      <p class="faint">Runs elsewhere are shown by: coderlplus dashboard FOLDER</p>
    </Empty>
  );
}

function RunsFound({ list, parameters }: ViewProps & { readonly list: RunList }): JSX.Element {
  const order = readOrder(parameters);
  const [text, status] = [parameters.get("text") ?? "", parameters.get("status") ?? ""];
  const chosen = new Set(parameters.getAll("choose"));
  const folded = new Set(parameters.getAll("fold"));
  const change = (changes: Parameters<typeof withChanges>[1]): void =>
    goTo("runs", withChanges(parameters, changes), "replace");
  const groups = useMemo(() => groupedRuns(keptRuns(list.runs, { text, status }), order), [list, parameters]);
  const shown = groups.flatMap(({ runs }) => runs);
  const body = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  useRunKeys(body, field, () => openCompared(chosen));
  return (
    <div class="stack" ref={body}>
      <div class="row">
        <h1>{list.folder}</h1>
        <span class="faint">{countText(list.runs, shown)}</span>
        <div class="row push">
          <input
            ref={field}
            type="search"
            placeholder="Filter runs ( / )"
            aria-label="Filter runs by name, recipe, seed or status"
            value={text}
            onInput={({ currentTarget }) => change({ text: currentTarget.value })}
          />
          <select
            aria-label="Status"
            value={status}
            onChange={({ currentTarget }) => change({ status: currentTarget.value })}
          >
            <option value="">any status</option>
            {[...new Set(list.runs.map((run) => run.status))].map((found) => (
              <option key={found}>{found}</option>
            ))}
          </select>
          <button
            type="button"
            class="primary"
            disabled={chosen.size === 0}
            onClick={() => openCompared(chosen)}
            title="Compare what is ticked (c)"
          >
            Compare {chosen.size === 0 ? "" : chosen.size} {chosen.size === 1 ? "run" : "runs"}
          </button>
        </div>
      </div>
      {list.truncated ? (
        <p class="warn">⚠ There are more runs than are listed; serve a smaller folder to see the others.</p>
      ) : null}
      {shown.length === 0 && list.runs.length > 0 ? <Empty title="No run matches this filter" /> : null}
      {shown.length === 0 ? null : (
        <RunTable
          groups={groups}
          order={order}
          chosen={chosen}
          folded={folded}
          onOrder={(column) => change(orderParameters(order, column))}
          onChoose={(runs, isChosen) => change({ choose: [...withAll(chosen, runs, isChosen)] })}
          onFold={(setting, isFolded) => change({ fold: [...withAll(folded, [setting], isFolded)] })}
        />
      )}
      <EvaluationFolders folders={list.evaluations} />
    </div>
  );
}

function useRunKeys(
  body: { readonly current: HTMLElement | null },
  field: { readonly current: HTMLInputElement | null },
  compare: () => void,
): void {
  const move = (by: number): void => {
    const rows = [...(body.current?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
    const place = rows.findIndex((row) => row === document.activeElement);
    rows[Math.min(rows.length - 1, Math.max(0, place + by))]?.focus();
  };
  useKeys("Runs", [
    { keys: "j", says: "next run", run: () => move(1) },
    { keys: "k", says: "previous run", run: () => move(-1) },
    { keys: "x", says: "tick the run with the focus", run: () => tickFocused() },
    { keys: "c", says: "compare the ticked runs", run: compare },
    { keys: "/", says: "filter", run: () => field.current?.focus() },
  ]);
}

function tickFocused(): void {
  document.activeElement?.closest("tr")?.querySelector<HTMLInputElement>("input[type=checkbox]")?.click();
}

function openCompared(chosen: ReadonlySet<string>): void {
  if (chosen.size > 0) location.hash = linkTo("compare", { run: [...chosen] });
}

function withAll(set: ReadonlySet<string>, items: readonly string[], isIn: boolean): ReadonlySet<string> {
  return isIn ? new Set([...set, ...items]) : new Set([...set].filter((item) => !items.includes(item)));
}

function countText(runs: readonly RunSummary[], shown: readonly RunSummary[]): string {
  const running = runs.filter(({ status }) => status === "running").length;
  const count = shown.length === runs.length ? `${runs.length}` : `${shown.length} of ${runs.length}`;
  return `${count} ${runs.length === 1 ? "run" : "runs"}${running > 0 ? `, ${running} running` : ""}`;
}

function readOrder(parameters: URLSearchParams): RunOrder {
  const column = sortColumns.find((known) => known === parameters.get("sort")) ?? "started";
  return { column, isDescending: (parameters.get("order") ?? (column === "started" ? "down" : "up")) === "down" };
}

/** The same column again turns it round; numbers begin with the largest. */
function orderParameters(order: RunOrder, column: SortColumn): { readonly sort: string; readonly order: string } {
  const isDescending = column === order.column ? !order.isDescending : column !== "name" && column !== "status";
  return { sort: column, order: isDescending ? "down" : "up" };
}
