// What is said of a run wherever it is named: its status, how far it has come, what it has reached.

import type { JSX } from "preact";
import type { RunSummary } from "../../src/dashboard/api/runs.js";
import { durationText, percentText } from "./format.js";

const statusSays: Readonly<Record<RunSummary["status"], string>> = {
  running: "a process trains it now",
  finished: "all its steps are done",
  stopped: "it was told to stop; --resume goes on",
  failed: "it ended with an error; --resume goes on from its last checkpoint",
  interrupted: "it says running, but no process holds it: it was killed; --resume goes on",
  damaged: "its files cannot be read",
};

export function RunStatus({ run }: { readonly run: Pick<RunSummary, "status" | "problem"> }): JSX.Element {
  return (
    <span class="status" data-status={run.status} title={run.problem ?? statusSays[run.status]}>
      {run.status}
    </span>
  );
}

export function RunProgress({ run }: { readonly run: RunSummary }): JSX.Element {
  const share = run.steps === 0 ? 0 : run.stepsDone / run.steps;
  return (
    <span class="progress" title={`${run.stepsDone} of ${run.steps} steps`}>
      <span class="bar" role="progressbar" aria-valuenow={run.stepsDone} aria-valuemax={run.steps} aria-label="Steps">
        <span style={{ width: `${Math.min(100, share * 100)}%` }} />
      </span>
      <span class="number">
        {run.stepsDone}
        <span class="faint"> / {run.steps}</span>
      </span>
    </span>
  );
}

/** A measure before and after training. */
export function BeforeAfter({ run, measure }: { readonly run: RunSummary; readonly measure: string }): JSX.Element {
  const found = run.headline[measure];
  if (!found) return <span class="faint">–</span>;
  const { before, after } = found;
  const title = `before ${percentText(before.value)} ± ${percentText(before.standardError)}${
    after ? `, after ${percentText(after.value)} ± ${percentText(after.standardError)}` : ""
  } (standard error)`;
  return (
    <span title={title} class="nowrap">
      <span class="faint">{percentText(before.value)}</span> <span aria-label="then">→</span>{" "}
      {after ? <strong>{percentText(after.value)}</strong> : <span class="faint">…</span>}
    </span>
  );
}

/** The mean of the seeds that have both. */
export function SeedsBeforeAfter({
  runs,
  measure,
}: {
  readonly runs: readonly RunSummary[];
  readonly measure: string;
}): JSX.Element {
  const found = runs.flatMap(({ headline }) => {
    const { before, after } = headline[measure] ?? {};
    return before && after ? [[before.value, after.value] as const] : [];
  });
  if (found.length === 0) return <span class="faint">–</span>;
  const mean = (place: 0 | 1): number => found.reduce((sum, pair) => sum + pair[place], 0) / found.length;
  return (
    <span class="nowrap" title={`mean of ${found.length} seeds`}>
      <span class="faint">{percentText(mean(0))}</span> <span aria-label="then">→</span>{" "}
      <strong>{percentText(mean(1))}</strong>
    </span>
  );
}

export function timeLeftText(run: RunSummary): string {
  return run.status === "running" ? durationText(run.secondsLeft) : "";
}
