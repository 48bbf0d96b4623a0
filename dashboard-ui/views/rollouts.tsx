// Every rollout of a run: filtered, ordered, searched; or its problems. What is shown is in the address.

import type { JSX } from "preact";
import { Empty } from "../parts/state.js";
import { questionOf, type RolloutFilter, readFilter, searchOf, writeFilter } from "../rollouts/filter.js";
import { FilterBar } from "../rollouts/filter-bar.js";
import { IndexNote } from "../rollouts/index-note.js";
import { readProblemOrder, writeProblemOrder } from "../rollouts/problem-order.js";
import { Problems } from "../rollouts/problems.js";
import { SearchResults } from "../rollouts/search.js";
import { RolloutTable } from "../rollouts/table.js";
import { useRows } from "../rollouts/use-rows.js";
import { goTo, linkTo } from "../route.js";

export function RolloutsView({ parameters }: { readonly parameters: URLSearchParams }): JSX.Element {
  const filter = readFilter(parameters);
  const { run } = filter;
  const isProblems = parameters.get("tab") === "problems";
  if (run === "") {
    return (
      <div class="page">
        <Empty title="No run is chosen">
          <p>
            Choose one in the list of <a href={linkTo("runs")}>runs</a>.
          </p>
        </Empty>
      </div>
    );
  }
  return (
    <div class="page rollouts">
      <nav class="tabs" aria-label="Rollouts or problems">
        <a href={linkTo("rollouts", { run })} aria-current={isProblems ? undefined : "page"}>
          Rollouts
        </a>
        <a href={linkTo("rollouts", { run, tab: "problems" })} aria-current={isProblems ? "page" : undefined}>
          Problems
        </a>
      </nav>
      {isProblems ? <ProblemsTab parameters={parameters} run={run} /> : <RolloutsTab filter={filter} />}
    </div>
  );
}

function ProblemsTab({ run, parameters }: { readonly run: string; readonly parameters: URLSearchParams }): JSX.Element {
  const part = parameters.get("part") ?? "";
  const order = readProblemOrder(parameters.get("by"));
  const to = (part: string, by: string): void => goTo("rollouts", { run, tab: "problems", part, by }, "replace");
  return (
    <Problems
      run={run}
      part={part}
      order={order}
      onPart={(next) => to(next, writeProblemOrder(order))}
      onOrder={(next) => to(part, writeProblemOrder(next))}
    />
  );
}

function RolloutsTab({ filter }: { readonly filter: RolloutFilter }): JSX.Element {
  const onFilter = (next: RolloutFilter): void => goTo("rollouts", writeFilter(next), "replace");
  const search = searchOf(filter);
  return (
    <>
      <FilterBar filter={filter} onFilter={onFilter} />
      {search === null ? (
        <Listed key={JSON.stringify(questionOf(filter))} filter={filter} onFilter={onFilter} />
      ) : (
        <SearchResults key={JSON.stringify(search)} question={search} />
      )}
    </>
  );
}

interface ListedProps {
  readonly filter: RolloutFilter;
  readonly onFilter: (filter: RolloutFilter) => void;
}

function Listed({ filter, onFilter }: ListedProps): JSX.Element {
  const order = filter.order ?? "newest";
  const rows = useRows(questionOf(filter), order);
  const { total, index } = rows.store;
  return (
    <>
      <div class="row" role="status">
        <Count total={total} of={index?.rollouts ?? null} />
        <IndexNote index={index} />
      </div>
      {total === 0 ? (
        <NoRollouts isIndexing={index !== null && index.steps < index.of} isEmpty={index?.rollouts === 0} />
      ) : (
        <RolloutTable
          run={filter.run}
          rows={rows}
          list={JSON.stringify(questionOf(filter))}
          order={order}
          onOrder={(next) => onFilter({ ...filter, order: next })}
        />
      )}
    </>
  );
}

function Count({ total, of }: { readonly total: number | null; readonly of: number | null }): JSX.Element {
  if (total === null) return <span class="faint">counting …</span>;
  return (
    <span>
      <strong>{total.toLocaleString("en")}</strong>{" "}
      <span class="faint">{of !== null && total !== of ? `of ${of.toLocaleString("en")} rollouts` : "rollouts"}</span>
    </span>
  );
}

function NoRollouts({ isIndexing, isEmpty }: { readonly isIndexing: boolean; readonly isEmpty: boolean }): JSX.Element {
  if (isIndexing) return <Empty title="None among the steps read so far" />;
  if (!isEmpty) {
    return (
      <Empty title="No rollout is like this">
        <p>Take a filter off above, or press x to clear all of them.</p>
      </Empty>
    );
  }
  return (
    <Empty title="This run has no rollouts yet">
      <p>They appear here with its first step.</p>
    </Empty>
  );
}
