// Rollouts as rows: as many as a run has, ordered by a column, the reader's place kept in the list.

import type { JSX } from "preact";
import type { RolloutRow } from "../../src/dashboard/api/rollouts.js";
import { Failure } from "../parts/state.js";
import { useListPlace } from "../parts/use-list-place.js";
import { useRowPixels } from "../parts/use-row-pixels.js";
import { VirtualList } from "../parts/virtual-list.js";
import { VisibleText } from "../parts/visible-text.js";
import type { Order } from "./filter.js";
import { linkToRollout, rewardText, SignedBar, VerdictMark } from "./row-words.js";
import type { Rows } from "./use-rows.js";

interface TableProps {
  readonly run: string;
  readonly rows: Rows;
  /** What is listed; the caller gives each a table of its own (a key). */
  readonly list: string;
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
}

export function RolloutTable({ run, rows, list, order, onOrder }: TableProps): JSX.Element {
  const { store, error, see } = rows;
  const { kept, cursor, onCursor } = useListPlace(list);
  const rowPixels = useRowPixels();
  const open = (index: number): void => {
    const row = store.rows.get(index);
    if (row) location.hash = linkToRollout(run, row);
  };
  return (
    <>
      {error !== null && <Failure title="Cannot show more rollouts" message={error} />}
      <VirtualList
        label="Rollouts"
        kept={kept}
        cursor={cursor}
        onCursor={onCursor}
        count={store.total ?? 0}
        rowPixels={rowPixels}
        before={store.before}
        onOpen={open}
        onWindow={see}
        head={<Head order={order} onOrder={onOrder} />}
        row={(index) => <Cells run={run} row={store.rows.get(index)} />}
      />
    </>
  );
}

interface Column {
  readonly name: string;
  readonly says: string;
  /** At the first press and at the second; none where the server has no such order. */
  readonly orders?: readonly [first: Order, second: Order];
  readonly isNumber?: boolean;
}

const columns: readonly Column[] = [
  { name: "step", says: "The step it was sampled in", orders: ["newest", "oldest"], isNumber: true },
  { name: "group", says: "Of which prompt in the step, from 0", isNumber: true },
  { name: "sample", says: "Which of the prompt's completions, from 0", isNumber: true },
  { name: "task", says: "Code: write a program. Alignment: say what a program computes" },
  { name: "problem", says: "The problem that the prompt is of" },
  { name: "verdict", says: "What the judge says of the program; for alignment how much was right" },
  { name: "reward", says: "One number a rollout", orders: ["-reward", "reward"], isNumber: true },
  { name: "advantage", says: "How much better than its group", orders: ["-advantage", "advantage"] },
  { name: "tokens", says: "Length of the completion", orders: ["-tokens", "tokens"], isNumber: true },
  { name: "stop", says: "stop: the completion ended by itself. length: it was cut off" },
];

function Head({ order, onOrder }: Pick<TableProps, "order" | "onOrder">): JSX.Element {
  return (
    <>
      {columns.map(({ name, says, orders, isNumber }) => {
        const at = orders?.indexOf(order) ?? -1;
        const isDown = order === "newest" || order.startsWith("-");
        const isOn = orders !== undefined && at !== -1;
        return (
          <span
            key={name}
            role="columnheader"
            class={`cell-${name}${isNumber ? " number" : ""}`}
            title={says}
            aria-sort={orders && (isOn ? (isDown ? "descending" : "ascending") : "none")}
          >
            {orders ? (
              <button type="button" class="plain" onClick={() => onOrder(orders[at === 0 ? 1 : 0])}>
                {name} {isOn ? (isDown ? "↓" : "↑") : ""}
              </button>
            ) : (
              name
            )}
          </span>
        );
      })}
    </>
  );
}

function Cells({ run, row }: { readonly run: string; readonly row: RolloutRow | undefined }): JSX.Element {
  if (!row) return <span class="list-waits" role="gridcell" aria-label="loading" />;
  return (
    <>
      <span class="cell-step number" role="gridcell">
        <a class="list-link" href={linkToRollout(run, row)} tabIndex={-1}>
          {row.step}
        </a>
      </span>
      <span class="cell-group number" role="gridcell">
        {row.group}
      </span>
      <span class="cell-sample number" role="gridcell">
        {row.sample}
      </span>
      <span class="cell-task faint" role="gridcell">
        {row.task}
      </span>
      <span class="cell-problem mono" role="gridcell" title={row.problem}>
        <VisibleText text={row.problem} />
      </span>
      <span class="cell-verdict" role="gridcell">
        <VerdictMark rollout={row} />
      </span>
      <span class="cell-reward number" role="gridcell">
        {rewardText(row.reward)}
      </span>
      <span class="cell-advantage" role="gridcell">
        <SignedBar value={row.advantage} />
      </span>
      <span class="cell-tokens number" role="gridcell">
        {row.tokens}
      </span>
      <span class={`cell-stop ${row.stopReason === "length" ? "warn" : "faint"}`} role="gridcell">
        {row.stopReason}
      </span>
    </>
  );
}
