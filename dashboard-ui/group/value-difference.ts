// What is wrong with a predicted value, in words, and where its text parts from the true one's.

import type { AskedValue } from "../../src/dashboard/api/rollouts.js";

export type Judgement = "right" | "unanswered" | "type" | "value";

export function judgementOf({ right, predicted, predictedType, type }: AskedValue): Judgement {
  if (right) return "right";
  if (predicted === null) return "unanswered";
  return predictedType !== null && predictedType !== type ? "type" : "value";
}

export function judgementText(value: AskedValue): string {
  const judgement = judgementOf(value);
  switch (judgement) {
    case "right":
      return "right";
    case "unanswered":
      return "not answered";
    case "type":
      return `${value.predictedType}, not ${value.type}`;
    case "value":
      return "wrong";
    default:
      return judgement satisfies never;
  }
}

/** A text in three: what both have at the beginning, what differs, what both have at the end. */
export interface Difference {
  readonly before: string;
  readonly changed: string;
  readonly after: string;
}

/** Of the text, against the other; whole numbers and words count as one, so that 14 against 15 differs in all of it. */
export function differenceOf(text: string, other: string): Difference {
  const [left, right] = [piecesOf(text), piecesOf(other)];
  const most = Math.min(left.length, right.length);
  let start = 0;
  while (start < most && left[start] === right[start]) start++;
  let end = 0;
  while (end < most - start && left[left.length - 1 - end] === right[right.length - 1 - end]) end++;
  const to = left.length - end;
  return {
    before: left.slice(0, start).join(""),
    changed: left.slice(start, to).join(""),
    after: left.slice(to).join(""),
  };
}

const AROUND = 80;
const CHANGED = 400;

/** Short enough to be read at once: what differs, from its beginning, and some of what is before and after it. */
export function around({ before, changed, after }: Difference): Difference {
  if (before.length + changed.length + after.length <= CHANGED) return { before, changed, after };
  return {
    before: before.length > AROUND ? `…${before.slice(-AROUND)}` : before,
    changed: changed.length > CHANGED ? `${changed.slice(0, CHANGED)}…` : changed,
    after: after.length > AROUND ? `${after.slice(0, AROUND)}…` : after,
  };
}

/** What lies between its pieces is a piece too. */
function piecesOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}_.+-]+|[^]/gu) ?? [];
}
