// How far an evaluation is: one live line on a terminal, a plain line for every tenth in a pipe.

import type { EvaluationProgress } from "../eval/evaluation.js";
import { clock } from "./clock.js";

const REDRAW_MS = 200;
const LINES = 10;

/** @param now  in ms; of any clock that goes on */
export function evaluationProgress(
  name: string,
  out: NodeJS.WriteStream,
  now: () => number = () => performance.now(),
): (progress: EvaluationProgress) => void {
  const started = now();
  let drawnAt = Number.NEGATIVE_INFINITY;
  let tenths = -1;
  return (progress) => {
    const { total, completed, graded } = progress;
    const done = completed + graded === 2 * total;
    const text = `${name}: ${progressText(progress, (now() - started) / 1000)}`;
    if (out.isTTY) {
      if (!done && now() - drawnAt < REDRAW_MS) return;
      drawnAt = now();
      out.write(`\r\u001B[K${done ? "" : text.slice(0, Math.max(20, (out.columns || 80) - 1))}`);
      return;
    }
    const tenth = Math.floor((LINES * (completed + graded)) / (2 * total));
    if (tenth <= tenths) return;
    tenths = tenth;
    out.write(`${text}\n`);
  };
}

function progressText({ total, completed, kept, graded, tokens }: EvaluationProgress, seconds: number): string {
  const came = completed - kept;
  const parts = [
    `${completed} of ${total} completions${kept > 0 ? ` (${kept} there before)` : ""}`,
    `${graded} graded`,
    ...(tokens > 0 ? [`${tokens} tokens, ${Math.round(tokens / Math.max(seconds, 0.001))}/s`] : []),
    ...(came > 0 && completed < total ? [`${clock(((total - completed) * seconds) / came)} left`] : []),
  ];
  return parts.join(", ");
}
