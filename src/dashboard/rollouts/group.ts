// One prompt's rollouts in full: only their lines of the step's file are read, and their tokens where there are some.

import { open } from "node:fs/promises";
import { messageOf, UsageError } from "../../core/errors.js";
import type { GroupDetail, RolloutDetail } from "../api/rollouts.js";
import { detailOf } from "./detail.js";
import type { RunFacts } from "./facts.js";
import type { RunProblems } from "./problem.js";
import type { RolloutIndex } from "./rollout-index.js";
import type { StepRows } from "./segment-file.js";
import { readAt, stepFile } from "./step-file.js";
import { tokensOf } from "./tokens.js";
import { type Row, rolloutRow } from "./view.js";

/** What one answer may hold. */
const MAX_ROLLOUTS = 1024;
const MAX_BYTES = 1 << 26;

export interface GroupSources {
  readonly runPath: string;
  readonly index: RolloutIndex;
  readonly facts: RunFacts;
  readonly problems: RunProblems;
}

/** @throws UsageError where the run has no such group */
export async function groupOf(sources: GroupSources, step: number, group: number): Promise<Omit<GroupDetail, "run">> {
  const { runPath, index, facts, problems } = sources;
  const rows = await index.step(step);
  if (!rows) throw new UsageError(`${runPath}: has no rollouts of step ${step}`);
  const own = inGroup(rows, group);
  const names = { problems: index.tables.problems.all, reasons: index.tables.reasons.all };
  const skipped = rows.skipped.first.map(([line, fault]) => `rollouts/${stepFile(step)}:${line}: ${fault}`);
  if (rows.skipped.count > skipped.length) skipped.push(`and ${rows.skipped.count - skipped.length} lines more`);
  const groups = groupsIn(rows);
  if (own.length === 0) {
    const why = skipped.length === 0 ? "" : `; lines that are no rollouts: ${skipped.join("; ")}`;
    throw new UsageError(`${runPath}: step ${step} has no group ${group}; it has ${groups} groups, from 0${why}`);
  }
  const problem = await problems.atHand(names.problems[rows.columns.problem[own[0].at]]);
  const tokens = await tokensOf(runPath, step, group);
  const rollouts: RolloutDetail[] = [];
  for await (const { row, line } of linesAt(index.path(step), own)) {
    const shown = rolloutRow(names, row);
    try {
      rollouts.push(detailOf(line, shown, { facts, problem, tokens: tokens.get(shown.sample) ?? null }));
    } catch (error) {
      skipped.push(`rollouts/${stepFile(step)}, group ${group}, sample ${shown.sample}: ${messageOf(error)}`);
    }
  }
  const left = own.length - rollouts.length;
  if (left > 0) skipped.push(`${left} of the group's ${own.length} rollouts are not shown`);
  return { step, group, groups, rollouts, skipped };
}

function inGroup(rows: StepRows, group: number): Row[] {
  const own: Row[] = [];
  for (let at = rows.start; at < rows.start + rows.count; at++) {
    if (rows.columns.group[at] === group) own.push({ rows, at });
  }
  return own;
}

function groupsIn({ columns, start, count }: StepRows): number {
  let most = -1;
  for (let at = start; at < start + count; at++) most = Math.max(most, columns.group[at]);
  return most + 1;
}

async function* linesAt(
  path: string,
  rows: readonly Row[],
): AsyncGenerator<{ readonly row: Row; readonly line: string }> {
  const file = await open(path, "r");
  let bytes = 0;
  try {
    for (const row of rows.slice(0, MAX_ROLLOUTS)) {
      const { offset, length } = row.rows.columns;
      bytes += length[row.at];
      if (bytes > MAX_BYTES) return;
      yield { row, line: (await readAt(file, offset[row.at], length[row.at])).toString("utf8") };
    }
  } finally {
    await file.close();
  }
}
