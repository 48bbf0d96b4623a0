// Problems against runs, a mark a cell: right, wrong, between, or not met. Only rows in sight exist.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { VirtualList } from "../parts/virtual-list.js";
import type { Column, Outcome } from "./outcomes.js";

export interface GridProps {
  readonly problems: readonly string[];
  readonly columns: readonly Column[];
  /** Indices of problems in the order shown. */
  readonly rows: readonly number[];
  readonly became: ReadonlyArray<Outcome | null>;
  readonly measure: string;
  /** Which cell's text is shown beside. */
  readonly open: { readonly problem: string; readonly column: string } | null;
  readonly onOpen: (problem: string, column: Column) => void;
}

const ROW_PIXELS = 24;

export function Grid({ problems, columns, rows, became, measure, open, onOpen }: GridProps): JSX.Element {
  const [cursor, setCursor] = useState(0);
  const [at, setAt] = useState(columns.length - 1);
  const row = Math.min(cursor, rows.length - 1);
  const columnAt = Math.min(at, columns.length - 1);
  const openAt = (index: number, column: Column | undefined): void => {
    if (column && rows[index] !== undefined) onOpen(problems[rows[index]], column);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (by === 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    setAt(Math.max(0, Math.min(columns.length - 1, columnAt + by)));
  };
  return (
    <div class="matrix-grid" onKeyDown={onKeyDown}>
      <VirtualList
        label={`${rows.length} problems, ${columns.length} columns, ${measure}`}
        count={rows.length}
        rowPixels={ROW_PIXELS}
        before={0}
        cursor={row}
        onCursor={setCursor}
        onOpen={(index) => openAt(index, columns[columnAt])}
        onWindow={() => {}}
        head={<Head columns={columns} />}
        row={(index) => {
          const i = rows[index];
          const problem = problems[i];
          return (
            <>
              <span class="problem mono" role="rowheader" title={became[i] ? `${problem}: ${became[i]}` : problem}>
                <OutcomeSign outcome={became[i] ?? null} /> {problem}
              </span>
              {columns.map((column, c) => (
                <Cell
                  key={column.id}
                  score={column.scores[i] ?? null}
                  title={`${problem}\n${column.label}: ${scoreText(column.scores[i] ?? null)}`}
                  isCursor={index === row && c === columnAt}
                  isOpen={open?.problem === problem && open.column === column.id}
                  onClick={() => {
                    setAt(c);
                    openAt(index, column);
                  }}
                />
              ))}
            </>
          );
        }}
      />
    </div>
  );
}

function Head({ columns }: { readonly columns: readonly Column[] }): JSX.Element {
  return (
    <>
      <span role="columnheader">problem</span>
      {columns.map(({ id, run, step, label, scores }) => (
        <span key={id} class="column-head" role="columnheader" title={`${run}, step ${step}`}>
          <span class="column-name">{label}</span>
          <span class="column-mean">{meanText(scores)}</span>
        </span>
      ))}
    </>
  );
}

interface CellProps {
  readonly score: number | null;
  readonly title: string;
  readonly isCursor: boolean;
  readonly isOpen: boolean;
  readonly onClick: () => void;
}

function Cell({ score, title, isCursor, isOpen, onClick }: CellProps): JSX.Element {
  const shade = score === null ? "none" : String(Math.round(score * 5));
  return (
    <span
      class={`cell${isCursor ? " cursor" : ""}${isOpen ? " open" : ""}`}
      role="gridcell"
      data-score={shade}
      title={title}
      onClick={onClick}
    >
      {sign(score)}
    </span>
  );
}

/** Readable without its colour. */
function sign(score: number | null): string {
  if (score === null) return "";
  if (score >= 1) return "✓";
  return score <= 0 ? "×" : score.toFixed(1).replace(/^0/, "");
}

const SIGNS: Readonly<Record<Outcome, readonly [sign: string, look: string]>> = {
  fixed: ["▲", "good"],
  broken: ["▼", "bad"],
  "both right": ["", ""],
  "both wrong": ["", ""],
};

function OutcomeSign({ outcome }: { readonly outcome: Outcome | null }): JSX.Element {
  const [text, look] = outcome === null ? ["", ""] : SIGNS[outcome];
  return (
    <span class={`outcome-sign ${look}`} aria-label={text === "" ? undefined : (outcome ?? undefined)}>
      {text}
    </span>
  );
}

export function scoreText(score: number | null): string {
  return score === null ? "not met" : score >= 1 ? "right" : score <= 0 ? "wrong" : score.toFixed(3);
}

function meanText(scores: readonly (number | null)[]): string {
  const known = scores.flatMap((score) => score ?? []);
  return known.length === 0 ? "–" : ((known.reduce((sum, score) => sum + score, 0) / known.length) * 100).toFixed(1);
}
