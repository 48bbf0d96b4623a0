// The problems of a run: how often each was solved, and since when. A row leads to the problem.

import type { ComponentChildren, JSX } from "preact";
import { useMemo } from "preact/hooks";
import { Answered, Empty } from "../parts/state.js";
import { TypedField } from "../parts/typed-field.js";
import { useListPlace } from "../parts/use-list-place.js";
import { useRowPixels } from "../parts/use-row-pixels.js";
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
  const { run, part, order, onPart } = props;
  const asked = useIndexed("problems", { run });
  const list = JSON.stringify(["problems", run, order, part]);
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
            <ProblemList {...props} key={list} list={list} problems={problems} />
          )}
        </>
      )}
    </Answered>
  );
}

const columns: ReadonlyArray<readonly [column: ProblemColumn, name: string, says: string, isNumber: boolean]> = [
  ["problem", "problem", "Its name in the data", false],
  ["passRate", "pass rate", "Of its code rollouts that have a verdict, the share that passed every test", false],
  ["code", "programs", "Code rollouts so far", true],
  ["firstPassed", "first passed", "The first step in which one passed", true],
  ["alignmentReward", "alignment", "Mean reward of its alignment rollouts", false],
  ["alignment", "answers", "Alignment rollouts so far", true],
];

interface ProblemListProps extends ProblemsProps {
  readonly problems: readonly ProblemEntry[];
  readonly list: string;
}

function ProblemList({ run, part, order, onOrder, problems, list }: ProblemListProps): JSX.Element {
  const shown = useMemo(() => orderedProblems(problems, order, part), [problems, order.by, order.isDown, part]);
  const { kept, cursor, onCursor } = useListPlace(list);
  const rowPixels = useRowPixels();
  return (
    <div class="problem-list">
      <VirtualList
        label="Problems"
        count={shown.length}
        rowPixels={rowPixels}
        before={0}
        kept={kept}
        cursor={Math.min(cursor, Math.max(0, shown.length - 1))}
        onCursor={onCursor}
        onOpen={(index) => {
          const entry = shown[index];
          if (entry) location.hash = linkTo("problem", { run, problem: entry.problem });
        }}
        onWindow={() => {}}
        head={<ProblemHead order={order} onOrder={onOrder} />}
        row={(index) => <ProblemCells run={run} entry={shown[index]} />}
      />
    </div>
  );
}

function ProblemHead({ order, onOrder }: Pick<ProblemsProps, "order" | "onOrder">): JSX.Element {
  return (
    <>
      {columns.map(([column, name, says, isNumber]) => {
        const isOn = order.by === column;
        return (
          <span
            key={column}
            role="columnheader"
            class={`cell-${column}${isNumber ? " number" : ""}`}
            title={says}
            aria-sort={isOn ? (order.isDown ? "descending" : "ascending") : "none"}
          >
            <button type="button" class="plain" onClick={() => onOrder({ by: column, isDown: isOn && !order.isDown })}>
              {name} {isOn ? (order.isDown ? "↓" : "↑") : ""}
            </button>
          </span>
        );
      })}
    </>
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
