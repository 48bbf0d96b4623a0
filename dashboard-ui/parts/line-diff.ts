// What two printed texts differ in: lines, then words inside a line that has become another. Bounded in time; nothing here
// draws.

import { diffArrays, diffWordsWithSpace } from "diff";

/** A stretch of a line. */
interface Word {
  readonly text: string;
  readonly changed: boolean;
}

export interface DiffSide {
  /** From 1. */
  readonly number: number;
  readonly words: readonly Word[];
  /** Whether the text ends with this line, without a line feed behind it. */
  readonly isUnended: boolean;
}

/** Two lines that stand in one row; null where the other text has none there. */
export interface DiffRow {
  readonly equal: boolean;
  readonly expected: DiffSide | null;
  readonly got: DiffSide | null;
}

/** Beyond these the texts are shown side by side as they are. */
const CHARACTERS = 200_000;
const EDITS = 2000;
const MILLISECONDS = 200;
/** Longer lines are changed as wholes. */
const WORDS_IN_CHARACTERS = 2000;

/** Equal lines that stay around each difference. */
const AROUND = 3;
const SHOWN_ROWS = 400;

/** Lines that are not shown. */
export interface Fold {
  readonly hidden: number;
  /** Whether all of them are the same in both texts. */
  readonly equal: boolean;
}

/** The rows that are worth showing, with folds in place of the others. */
export function folded(rows: readonly DiffRow[], showAll: boolean): Array<DiffRow | Fold> {
  if (showAll) return [...rows];
  const near = new Set<number>();
  rows.forEach(({ equal }, at) => {
    if (!equal) for (let i = at - AROUND; i <= at + AROUND; i++) near.add(i);
  });
  const parts: Array<DiffRow | Fold> = [];
  let hidden: DiffRow[] = [];
  let shown = 0;
  const hide = (): void => {
    if (hidden.length > 0) parts.push({ hidden: hidden.length, equal: hidden.every(({ equal }) => equal) });
    hidden = [];
  };
  rows.forEach((row, at) => {
    if (shown === SHOWN_ROWS || !near.has(at)) {
      hidden.push(row);
      return;
    }
    hide();
    parts.push(row);
    shown++;
  });
  hide();
  return parts;
}

/** Null where comparing them would take too long. */
export function lineDiff(expected: string, got: string): DiffRow[] | null {
  if (expected.length + got.length > CHARACTERS) return null;
  const until = performance.now() + MILLISECONDS;
  const before = linesIn(expected);
  const after = linesIn(got);
  const changes = diffArrays(before, after, { maxEditLength: EDITS, timeout: MILLISECONDS });
  if (!changes) return null;
  const rows: DiffRow[] = [];
  let [left, right] = [0, 0];
  const numberOf = { expected: () => ++left, got: () => ++right };
  for (let i = 0; i < changes.length; i++) {
    const { value, added, removed } = changes[i];
    if (!added && !removed) {
      for (const line of value)
        rows.push({
          equal: true,
          expected: sideOf(numberOf.expected(), line),
          got: sideOf(numberOf.got(), line),
        });
      continue;
    }
    const next = changes.at(i + 1);
    const other = next && (next.added || next.removed) ? next.value : [];
    if (other.length > 0) i++;
    rows.push(...paired(removed ? value : other, removed ? other : value, numberOf, until));
  }
  return rows;
}

/** Each line with its line feed, which the last may lack; a text of nothing has no line. */
function linesIn(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function sideOf(number: number, line: string, words?: readonly Word[]): DiffSide {
  const text = line.replace(/\n$/, "");
  return { number, words: words ?? [{ text, changed: false }], isUnended: text === line };
}

interface Numbers {
  readonly expected: () => number;
  readonly got: () => number;
}

/** Lines that were replaced, in the order of both texts. */
function paired(before: readonly string[], after: readonly string[], numbers: Numbers, until: number): DiffRow[] {
  return Array.from({ length: Math.max(before.length, after.length) }, (_, i) => {
    const [a, b] = [before[i], after[i]];
    if (a === undefined || b === undefined) {
      return {
        equal: false,
        expected: a === undefined ? null : sideOf(numbers.expected(), a, [whole(a)]),
        got: b === undefined ? null : sideOf(numbers.got(), b, [whole(b)]),
      };
    }
    const [left, right] = wordsOf(a, b, until);
    return { equal: false, expected: sideOf(numbers.expected(), a, left), got: sideOf(numbers.got(), b, right) };
  });
}

function whole(line: string): Word {
  return { text: line.replace(/\n$/, ""), changed: true };
}

function wordsOf(a: string, b: string, until: number): readonly [readonly Word[], readonly Word[]] {
  const [left, right] = [whole(a), whole(b)];
  const timeout = until - performance.now();
  const isLong = left.text.length + right.text.length > WORDS_IN_CHARACTERS;
  const changes = isLong || timeout <= 0 ? undefined : diffWordsWithSpace(left.text, right.text, { timeout });
  if (!changes) return [[left], [right]];
  const side = (absent: "added" | "removed"): Word[] =>
    changes
      .filter((change) => !change[absent])
      .map(({ value, added, removed }) => ({ text: value, changed: added || removed }));
  return [side("added"), side("removed")];
}
