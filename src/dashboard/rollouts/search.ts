// Rollouts that hold a text, by reading the files of their steps, the newest first: so much in one answer as takes a
// fraction of a second, and the next goes on from there. What is in a line is decided in excerpt.ts.

import type { SearchPage } from "../api/rollouts.js";
import { excerptOf, needleOf } from "./excerpt.js";
import { type Filter, type Sieve, sieveOf } from "./filter.js";
import type { RolloutIndex } from "./rollout-index.js";
import type { StepRows } from "./segment-file.js";
import { type Piece, piecesOf } from "./step-file.js";
import { rolloutRow } from "./view.js";

/** Of one answer. */
const MAX_FOUND = 50;
const MAX_MS = 150;
/** A cursor is a step and a place in it as one number; the places are counted up to this. */
const PLACES = 2 ** 22;

/** @param cursor  of the answer before */
export async function search(index: RolloutIndex, filter: Filter, text: string, cursor?: number): Promise<SearchPage> {
  const from = cursor === undefined ? null : { step: Math.floor(cursor / PLACES), place: cursor % PLACES };
  const hunt = new Hunt(index, filter, text);
  const { listed } = index;
  for (const [i, step] of listed.entries()) {
    if (from && step > from.step) continue;
    const place = await hunt.through(step, from?.step === step ? from.place : 0);
    if (place === null) continue;
    const next = Math.min(place, PLACES - 1);
    return { rows: hunt.found, cursor: step * PLACES + next, searched: i, of: listed.length };
  }
  return { rows: hunt.found, cursor: null, searched: listed.length, of: listed.length };
}

/** One answer's search. */
class Hunt {
  readonly found: Array<SearchPage["rows"][number]> = [];
  readonly #text: string;
  readonly #needle: string;
  readonly #until = performance.now() + MAX_MS;
  #read = false;
  #sieve: Sieve;
  #names = 0;

  constructor(
    private readonly index: RolloutIndex,
    private readonly filter: Filter,
    text: string,
  ) {
    this.#text = text.toLowerCase();
    this.#needle = needleOf(text);
    this.#sieve = sieveOf(filter, { problems: [], reasons: [] });
  }

  /** @returns the place in the step to go on from in the next answer; null where the step is done */
  async through(step: number, first: number): Promise<number | null> {
    if (this.#isOver) return first;
    if (!this.#sieve.keepsStep(step)) return null;
    const rows = await this.index.step(step);
    if (!rows) return null;
    const sieve = this.#currentSieve();
    const start = firstKept(rows, sieve, rows.start + first);
    if (start === null) return null;
    const end = rows.start + rows.count;
    for await (const piece of piecesOf(this.index.path(step), rows.columns.offset[start])) {
      const next = this.#inPiece(piece, rows, sieve);
      this.#read = true;
      if (next < end && this.#isOver) return next - rows.start;
    }
    return null;
  }

  /** Another where names have come that the one before does not know. */
  #currentSieve(): Sieve {
    const { problems, reasons } = this.index.tables;
    const names = problems.size + reasons.size;
    if (names !== this.#names) this.#sieve = sieveOf(this.filter, { problems: problems.all, reasons: reasons.all });
    this.#names = names;
    return this.#sieve;
  }

  /** Every answer gets on by one piece at least. */
  get #isOver(): boolean {
    return this.found.length >= MAX_FOUND || (this.#read && performance.now() > this.#until);
  }

  /** @returns the row to go on from */
  #inPiece({ bytes, start }: Piece, rows: StepRows, sieve: Sieve): number {
    const { offset, length } = rows.columns;
    // By byte: the needle is plain, and no byte of a longer character is.
    const text = bytes.toString("latin1").toLowerCase();
    for (let at = text.indexOf(this.#needle); at >= 0 && at < text.length; ) {
      const row = lastBefore(rows, start + at);
      const end = row < rows.start ? 0 : offset[row] + length[row] - start;
      if (at < end && sieve.keepsRow(rows, row)) {
        this.#test(bytes.toString("utf8", offset[row] - start, end), rows, row);
        if (this.found.length >= MAX_FOUND) return row + 1;
      }
      // A line that is no rollout ends at its newline.
      const newline = at < end ? end : bytes.indexOf(10, at);
      at = newline < 0 ? -1 : text.indexOf(this.#needle, newline + 1);
    }
    return lastBefore(rows, start + bytes.length - 1) + 1;
  }

  #test(line: string, rows: StepRows, at: number): void {
    const excerpt = excerptOf(line, this.#text);
    if (excerpt === null) return;
    const { problems, reasons } = this.index.tables;
    const row = rolloutRow({ problems: problems.all, reasons: reasons.all }, { rows, at });
    this.found.push({ ...row, excerpt });
  }
}

function firstKept(rows: StepRows, sieve: Sieve, from: number): number | null {
  for (let at = from; at < rows.start + rows.count; at++) if (sieve.keepsRow(rows, at)) return at;
  return null;
}

/** The row whose line begins at this byte of the file, or is the last to begin before it. */
function lastBefore({ columns, start, count }: StepRows, byte: number): number {
  let [low, high] = [start - 1, start + count - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (columns.offset[middle] <= byte) low = middle;
    else high = middle - 1;
  }
  return low;
}
