// What an evaluation says beyond the contract's few numbers: intervals, the same by difficulty and by month, what went
// wrong and how often, where the two gradings disagree. Not here: how it is printed (table.ts).

import { mean, standardError } from "../../core/maths.js";
import type { EvaluationInfo, SampleRecord } from "../records.js";
import { type Interval, interval } from "./intervals.js";
import { countTasks, type Grading, gradings, metrics, scoresAt } from "./task-scores.js";

export interface Score {
  readonly value: number;
  readonly standardError: number;
  readonly interval: Interval;
  /** That have a score: all but those with too few graded completions. */
  readonly tasks: number;
}

/** By metric: `pass_at_1`, `official_pass_at_1`, ... */
type Scores = Readonly<Record<string, Score>>;

interface Disagreement {
  readonly task: string;
  /** Completions that only the one grading takes for right. */
  readonly onlyStrict: number;
  readonly onlyOfficial: number;
}

export interface Breakdown {
  readonly scores: Scores;
  /** Empty where the set has no difficulties. */
  readonly byDifficulty: Readonly<Record<string, Scores>>;
  /** By the month in which a task was published, YYYY-MM, earliest first; empty where the set has no dates. */
  readonly byMonth: Readonly<Record<string, Scores>>;
  readonly completions: number;
  /** Of wrong completions, most frequent first. */
  readonly reasons: Readonly<Record<Grading, Readonly<Record<string, number>>>>;
  /** Completions that the grader failed on, which count nowhere. */
  readonly infrastructure: Readonly<Record<Grading, number>>;
  /** Completions that hold no program or answer. */
  readonly nothingExtracted: number;
  /** Completions cut off at their limit. */
  readonly truncated: number;
  /** Prompts that left no room for a completion. */
  readonly noRoom: number;
  /** Sums over completions whose policy says; null where it says of none. */
  readonly tokens: { readonly prompt: number | null; readonly completion: number | null };
  readonly cpuMs: number;
  readonly disagreements: readonly Disagreement[];
}

export function breakDown(info: EvaluationInfo, samples: readonly SampleRecord[]): Breakdown {
  const key = `${info.benchmark} ${info.prompts}`;
  return {
    scores: scoresOf(samples, key),
    byDifficulty: grouped(samples, "difficulty", ({ difficulty }) => difficulty),
    byMonth: grouped(samples, "month", ({ date }) => date?.slice(0, "YYYY-MM".length), true),
    completions: samples.length,
    reasons: { strict: reasonsOf(samples, "strict"), official: reasonsOf(samples, "official") },
    infrastructure: { strict: failures(samples, "strict"), official: failures(samples, "official") },
    nothingExtracted: samples.filter(({ grade }) => grade.extracted === null).length,
    truncated: samples.filter(({ stopReason }) => stopReason === "length").length,
    noRoom: samples.filter(({ stopReason }) => stopReason === "no-room").length,
    tokens: {
      prompt: total(samples.map(({ promptTokens }) => promptTokens)),
      completion: total(samples.map(({ completionTokens }) => completionTokens)),
    },
    cpuMs: samples.reduce((sum, { grade }) => sum + grade.cpuMs, 0),
    disagreements: disagreementsOf(samples),
  };
}

function scoresOf(samples: readonly SampleRecord[], key: string): Scores {
  const counts = { strict: countTasks(samples, "strict"), official: countTasks(samples, "official") };
  return Object.fromEntries(
    metrics.flatMap(({ name, grading, k }) => {
      const scores = [...scoresAt(k, counts[grading]).values()];
      return scores.length === 0 ? [] : [[name, scoreOf(scores, `${key} k=${k}`)] as const];
    }),
  );
}

/** Both gradings draw the same tasks, as the key does not name them: what differs between them differs for itself. */
function scoreOf(scores: readonly number[], key: string): Score {
  return {
    value: mean(scores),
    standardError: standardError(scores),
    interval: interval(scores, key),
    tasks: scores.length,
  };
}

function grouped(
  samples: readonly SampleRecord[],
  kind: string,
  groupOf: (sample: SampleRecord) => string | undefined,
  sorted = false,
): Record<string, Scores> {
  const groups = new Map<string, SampleRecord[]>();
  for (const sample of samples) {
    const group = groupOf(sample);
    if (group === undefined) continue;
    const members = groups.get(group);
    if (members) members.push(sample);
    else groups.set(group, [sample]);
  }
  const names = sorted ? [...groups.keys()].sort() : [...groups.keys()];
  const entries = names.map((name) => [name, scoresOf(groups.get(name) ?? [], `${kind} ${name}`)] as const);
  return Object.fromEntries(entries);
}

function reasonsOf(samples: readonly SampleRecord[], grading: Grading): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { grade } of samples) {
    const mark = grade[grading];
    if (mark.kind === "wrong") counts.set(mark.reason, (counts.get(mark.reason) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}

function failures(samples: readonly SampleRecord[], grading: Grading): number {
  return samples.filter(({ grade }) => grade[grading].kind === "infrastructure").length;
}

function total(values: ReadonlyArray<number | null>): number | null {
  return values.reduce<number | null>((sum, value) => (value === null ? sum : (sum ?? 0) + value), null);
}

function disagreementsOf(samples: readonly SampleRecord[]): Disagreement[] {
  const found = new Map<string, { task: string; onlyStrict: number; onlyOfficial: number }>();
  for (const { task, grade } of samples) {
    const [strict, official] = gradings.map((grading) => grade[grading].kind);
    if (strict === official || strict === "infrastructure" || official === "infrastructure") continue;
    const entry = found.get(task) ?? { task, onlyStrict: 0, onlyOfficial: 0 };
    found.set(task, entry);
    entry[strict === "right" ? "onlyStrict" : "onlyOfficial"]++;
  }
  return [...found.values()];
}
