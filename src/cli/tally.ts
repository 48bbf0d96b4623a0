// What is kept of a batch of verdicts while they are written out one by one: counts and times, and how far it is.

import { quantile } from "../core/maths.js";
import type { Judgement } from "../judge/verdict.js";

export interface Tally {
  readonly counts: Record<string, number>;
  readonly reasons: Record<string, number>;
  /** How many programs' problems import what is not installed, by its name. */
  readonly skippedImports: Record<string, number>;
  readonly cpuMs: number[];
}

interface Summary {
  readonly total: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly reasons: Readonly<Record<string, number>>;
  readonly skippedImports?: Readonly<Record<string, number>>;
  readonly programsPerSecond: number;
  readonly cpuMsP50: number | null;
  readonly cpuMsP99: number | null;
}

export function newTally(): Tally {
  return {
    counts: { passed: 0, failed: 0, unparsable: 0, infrastructure: 0 },
    reasons: {},
    skippedImports: {},
    cpuMs: [],
  };
}

export function count(tally: Tally, { verdict, cpuMs, skippedImports }: Judgement): void {
  const add = (to: Record<string, number>, name: string): void => {
    to[name] = (to[name] ?? 0) + 1;
  };
  add(tally.counts, verdict.kind);
  if (verdict.kind === "failed") add(tally.reasons, verdict.reason);
  for (const name of skippedImports ?? []) add(tally.skippedImports, name);
  tally.cpuMs.push(cpuMs);
}

export function summarise({ counts, reasons, skippedImports, cpuMs }: Tally, seconds: number): Summary {
  const at = (q: number): number | null => (cpuMs.length === 0 ? null : round(quantile(cpuMs, q)));
  return {
    total: cpuMs.length,
    counts,
    reasons,
    ...(Object.keys(skippedImports).length > 0 ? { skippedImports } : {}),
    programsPerSecond: round(cpuMs.length / seconds),
    cpuMsP50: at(0.5),
    cpuMsP99: at(0.99),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

export function summaryTable(summary: Summary): string {
  const rows: Array<readonly [string, string]> = [
    ...Object.entries(summary.counts).map(([kind, number]) => [kind, String(number)] as const),
    ...Object.entries(summary.reasons).map(([reason, number]) => [`  ${reason}`, String(number)] as const),
    ...Object.entries(summary.skippedImports ?? {}).map(([name, n]) => [`no ${name}`, String(n)] as const),
    ["programs / s", String(summary.programsPerSecond)],
    ["CPU ms, p50", String(summary.cpuMsP50 ?? "-")],
    ["CPU ms, p99", String(summary.cpuMsP99 ?? "-")],
  ];
  return rows.map(([name, value]) => `${name.padEnd(18)}${value.padStart(10)}\n`).join("");
}

const REDRAW_EVERY = 25;
const LINE_EVERY = 1000;

/** One live line on a terminal; in a pipe a plain line for every thousand, so that short batches stay silent. */
export function showProgress({ cpuMs, counts }: Tally, total: number, out: NodeJS.WriteStream): void {
  const done = cpuMs.length;
  const text = `judged ${done} of ${total}, ${counts["passed"]} passed`;
  if (!out.isTTY) {
    if (done % LINE_EVERY === 0) out.write(`${text}\n`);
  } else if (done === total) out.write(`\r${" ".repeat(text.length)}\r`);
  else if (done % REDRAW_EVERY === 0) out.write(`\r${text}`);
}
