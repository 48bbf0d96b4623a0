// What training tells whoever watches: the terminal, a log, a test.

import type { StepMetrics } from "../runs/metrics.js";
import type { EvaluationRecord } from "../runs/records.js";
import type { Config } from "./config/schema.js";

export interface Reporter {
  /** All that the run needs is open and checked. */
  begin(path: string, config: Config): void;
  /** Something the person should know, once. */
  notice(text: string): void;
  /** Completion tokens drawn so far in the step under way. */
  tokens(step: number, count: number): void;
  step(metrics: StepMetrics): void;
  evaluating(step: number, done: number, total: number): void;
  evaluated(record: EvaluationRecord): void;
}

export const silent: Reporter = {
  begin: () => {},
  notice: () => {},
  tokens: () => {},
  step: () => {},
  evaluating: () => {},
  evaluated: () => {},
};
