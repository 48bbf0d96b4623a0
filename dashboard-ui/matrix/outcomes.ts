// The matrix as data: which problems in which order, and what became of each between two columns. Right is a score of 1;
// anything below is not.

import type { Matrix } from "../../src/dashboard/api/runs.js";

export interface Column {
  /** Names it in the address. */
  readonly id: string;
  readonly run: string;
  readonly step: number;
  readonly label: string;
  readonly scores: readonly (number | null)[];
}

export const orders = ["worst", "best", "difference", "id"] as const;
export type Order = (typeof orders)[number];

export const outcomes = ["fixed", "broken", "both right", "both wrong"] as const;
export type Outcome = (typeof outcomes)[number];

export interface Agreement {
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly problems: number;
  /** Share of problems on which both are right or both are not. */
  readonly agreement: number;
  /** Agreement beyond chance; null where chance alone agrees always. */
  readonly kappa: number | null;
  /** Two-sided: how often a fair coin would split the changes as unevenly or more. */
  readonly signTest: number;
}

export function columnId(run: string, step: number): string {
  return `${run}@${step}`;
}

/** Problems of all answers, in their order; a score is null where a column has not met the problem. */
export function joined(answers: readonly Matrix[]): { problems: string[]; columns: Array<Omit<Column, "label">> } {
  const problems = [...new Set(answers.flatMap((answer) => answer.problems))];
  const columns = answers.flatMap((answer) => {
    const places = new Map(answer.problems.map((problem, i) => [problem, i]));
    return answer.columns.map(({ run, step, scores }) => ({
      id: columnId(run, step),
      run,
      step,
      scores: problems.map((problem) => scores[places.get(problem) ?? -1] ?? null),
    }));
  });
  return { problems, columns: columns.filter(({ id }, i) => columns.findIndex((other) => other.id === id) === i) };
}

/** What became of a problem from one column to the other; null where one has not met it. */
function outcomeOf(before: number | null | undefined, after: number | null | undefined): Outcome | null {
  if (typeof before !== "number" || typeof after !== "number") return null;
  const [was, is] = [before >= 1, after >= 1];
  if (was === is) return is ? "both right" : "both wrong";
  return is ? "fixed" : "broken";
}

export function outcomesOf(before: Column, after: Column): Array<Outcome | null> {
  return before.scores.map((score, i) => outcomeOf(score, after.scores[i]));
}

export function agreementOf(found: ReadonlyArray<Outcome | null>): Agreement {
  const count = (outcome: Outcome): number => found.filter((other) => other === outcome).length;
  const counts = {
    fixed: count("fixed"),
    broken: count("broken"),
    "both right": count("both right"),
    "both wrong": count("both wrong"),
  };
  const problems = Object.values(counts).reduce((sum, one) => sum + one, 0);
  const agreement = (counts["both right"] + counts["both wrong"]) / problems;
  const first = (counts["both right"] + counts.broken) / problems;
  const second = (counts["both right"] + counts.fixed) / problems;
  const chance = first * second + (1 - first) * (1 - second);
  return {
    counts,
    problems,
    agreement,
    kappa: chance < 1 ? (agreement - chance) / (1 - chance) : null,
    signTest: signTest(counts.fixed, counts.broken),
  };
}

/** Two-sided binomial test of a fair coin: min(1, 2 * P(X <= min(a, b))) with X of a + b throws. */
export function signTest(a: number, b: number): number {
  const throws = a + b;
  let logTerm = -throws * Math.LN2;
  let tail = 0;
  for (let k = 0; k <= Math.min(a, b); k++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log((throws - k) / (k + 1));
  }
  return Math.min(1, 2 * tail);
}

/** Indices of problems in the order asked for; equal ones stay by id. */
export function ordered(
  problems: readonly string[],
  columns: readonly Column[],
  order: Order,
  pair: readonly [Column, Column] | null,
): number[] {
  const byId = problems
    .map((_, i) => i)
    .sort((a, b) => problems[a].localeCompare(problems[b], "en", { numeric: true }));
  if (order === "id") return byId;
  const keys = order === "difference" && pair ? differences(...pair) : means(columns, problems.length);
  const sign = order === "best" ? -1 : 1;
  return byId.sort((a, b) => sign * (keys[a] - keys[b]));
}

function means(columns: readonly Column[], problems: number): number[] {
  return Array.from({ length: problems }, (_, i) => {
    const scores = columns.flatMap((column) => column.scores[i] ?? []);
    return scores.length === 0 ? 2 : scores.reduce((sum, score) => sum + score, 0) / scores.length;
  });
}

/** What got worst first; what one of them has not met last. */
function differences(before: Column, after: Column): number[] {
  return before.scores.map((score, i) => {
    const now = after.scores[i];
    return typeof score === "number" && typeof now === "number" ? now - score : 2;
  });
}
