// A verdict as it is published (schemas/verdict.json): one judged completion.

import type { Judgement } from "./verdict.js";

export interface Judged {
  readonly problem: string;
  /** Counts the completions of one problem. */
  readonly index: number;
  readonly metadata: unknown;
}

export function verdictRecord({ problem, index, metadata }: Judged, judgement: Judgement): object {
  const { programSha256, verdict, tests, engine, cpuMs, protection } = judgement;
  return { problem, index, programSha256, verdict, tests, engine, cpuMs, protection, metadata };
}
