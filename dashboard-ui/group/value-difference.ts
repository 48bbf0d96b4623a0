// What is wrong with a predicted value, in words, and where its text parts from the true one's.

import type { AskedValue } from "../../src/dashboard/api/rollouts.js";

export type Judgement = "right" | "unanswered" | "type" | "value";

export function judgementOf({ right, predicted, predictedType, type }: AskedValue): Judgement {
  if (right) return "right";
  if (predicted === null) return "unanswered";
  return predictedType !== null && predictedType !== type ? "type" : "value";
}

export function judgementText(value: AskedValue): string {
  switch (judgementOf(value)) {
    case "right":
      return "right";
    case "unanswered":
      return "not answered";
    case "type":
      return `${value.predictedType}, not ${value.type}`;
    case "value":
      return "wrong";
  }
}

/** A text in three: what both have at the beginning, what differs, what both have at the end. */
export interface Difference {
  readonly before: string;
  readonly changed: string;
  readonly after: string;
}

/** @returns  of both texts; whole numbers and words count as one, so that 14 against 15 differs in all of it */
export function differenceOf(truth: string, predicted: string): readonly [Difference, Difference] {
  const [left, right] = [piecesOf(truth), piecesOf(predicted)];
  const most = Math.min(left.length, right.length);
  let start = 0;
  while (start < most && left[start] === right[start]) start++;
  let end = 0;
  while (end < most - start && left[left.length - 1 - end] === right[right.length - 1 - end]) end++;
  return [cut(left, start, end), cut(right, start, end)];
}

function piecesOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}_.+-]+|[^]/gu) ?? [];
}

function cut(pieces: readonly string[], start: number, end: number): Difference {
  const to = pieces.length - end;
  return {
    before: pieces.slice(0, start).join(""),
    changed: pieces.slice(start, to).join(""),
    after: pieces.slice(to).join(""),
  };
}
