// The problems of a run: how often each was solved, and since when. A row leads to the problem.

import type { ComponentChildren, JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { Answered, Empty } from "../parts/state.js";
import { TypedField } from "../parts/typed-field.js";
import { useNarrow } from "../parts/use-narrow.js";
import { VirtualList } from "../parts/virtual-list.js";
import { VisibleText } from "../parts/visible-text.js";
import { linkTo } from "../route.js";
import { IndexNote } from "./index-note.js";
import { orderedProblems, type ProblemColumn, type ProblemEntry, type ProblemOrder } from "./problem-order.js";
import { useIndexed } from "./use-indexed.js";

interface ProblemsProps {
  readonly run: string;
  readonly part: string;
  readonly order: ProblemOrder;
  readonly onPart: (part: string) => void;
  readonly onOrder: (order: ProblemOrder) => void;
}

export function Problems(props: ProblemsProps): JSX.Element {
  const { run, part, onPart } = props;
  const asked = useIndexed("problems", { run });
  return (
    <Answered asked={asked} what="the problems">
      {({ problems, index }) => (
        <>
          <div class="row">
            <TypedField
              id="problem-part"
              kind="search"
              label="Part of the problem's name"
              placeholder="Part of the name"
              value={part}
              onValue={onPart}
            />
            <span>
              <strong>{problems.length.toLocaleString("en")}</strong> <span class="faint">problems met</span>
            </span>
            <IndexNote index={index} />
          </div>
          {problems.length === 0 ? (
            <Empty title="No problem yet">
              <p>Problems appear here with the first rollouts of the run.</p>
            </Empty>
          ) : (
            <ProblemList {...props} problems={problems} />
          )}
        </>
      )}
    </Answered>
  );
}

const columns: ReadonlyArray<readonly [column: ProblemColumn, name: string, says: string]> = [
  ["problem", "problem", "Its name in the data"],
  ["passRate", "pass rate", "Of its code rollouts that have a verdict, the share that passed every test"],
  ["code", "programs", "Code rollouts so far"],
  ["firstPassed", "first passed", "The first step in which one passed"],
  ["alignmentReward", "alignment", "Mean reward of its alignment rollouts"],
  ["alignment", "answers", "Alignment rollouts so far"],
];

function ProblemList(props: ProblemsProps & { readonly problems: readonly ProblemEntry[] }): JSX.Element {
  const { run, part, order, onOrder, problems } = props;
  const shown = useMemo(() => orderedProblems(problems, order, part), [problems, order.by, order.isDown, part]);
  const [cursor, setCursor] = useState(0);
  const isNarrow = useNarrow();
  const head = columns.map(([column, name, says]) => (
    <span
      key={column}
      role="columnheader"
      class={`cell-${column}`}
      title={says}
      aria-sort={order.by === column ? (order.isDown ? "descending" : "ascending") : "none"}
    >
      <button
        type="button"
        class="plain"
        onClick={() => onOrder({ by: column, isDown: order.by === column ? !order.isDown : false })}
      >
        {name} {order.by === column ? (order.isDown ? "↓" : "↑") : ""}
      </button>
    </span>
  ));
  return (
    <div class="problem-list">
      <VirtualList
        label="Problems"
        count={shown.length}
        rowPixels={isNarrow ? 58 : 32}
        before={0}
        cursor={Math.min(cursor, Math.max(0, shown.length - 1))}
        onCursor={setCursor}
        onOpen={(index) => {
          const entry = shown[index];
          if (entry) location.hash = linkTo("problem", { run, problem: entry.problem });
        }}
        onWindow={() => {}}
        head={head}
        row={(index) => <ProblemCells run={run} entry={shown[index]} />}
      />
    </div>
  );
}

function ProblemCells({
  run,
  entry,
}: {
  readonly run: string;
  readonly entry: ProblemEntry | undefined;
}): ComponentChildren {
  if (!entry) return null;
  const { problem, passRate, code, firstPassed, alignmentReward, alignment } = entry;
  return (
    <>
      <span class="cell-problem mono" role="gridcell">
        <a class="list-link" href={linkTo("problem", { run, problem })} tabIndex={-1}>
          <VisibleText text={problem} />
        </a>
      </span>
      <span class="cell-passRate" role="gridcell">
        <ShareBar share={passRate} />
      </span>
      <span class="cell-code number" role="gridcell">
        {code}
      </span>
      <span class="cell-firstPassed number" role="gridcell">
        {firstPassed === null ? <span class="faint">not yet</span> : `step ${firstPassed}`}
      </span>
      <span class="cell-alignmentReward" role="gridcell">
        <ShareBar share={alignmentReward} />
      </span>
      <span class="cell-alignment number" role="gridcell">
        {alignment}
      </span>
    </>
  );
}

/** @param share  0 to 1; null where there is none */
function ShareBar({ share }: { readonly share: number | null }): JSX.Element {
  if (share === null) return <span class="faint">–</span>;
  return (
    <span class="share">
      <span class="bar">
        <span style={{ width: `${Math.max(0, Math.min(1, share)) * 100}%` }} />
      </span>
      <span class="number">{(share * 100).toFixed(0)} %</span>
    </span>
  );
}
