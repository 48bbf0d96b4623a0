// The groups of rollouts that a report holds, in full, with their problems: of the first and the last step those that tell
// most, as many as there is room for. Read straight from the steps' files; no index is made for it.

import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../core/errors.js";
import type { GroupDetail, ProblemDetail, RolloutDetail, RolloutRow } from "./api/rollouts.js";
import { type Candidate, inTurn } from "./report/choose-groups.js";
import { detailOf } from "./rollouts/detail.js";
import { entryOf } from "./rollouts/entry.js";
import { runFacts } from "./rollouts/facts.js";
import { problemDetail, RunProblems } from "./rollouts/problem.js";
import { linesOf, piecesOf, readAt, stepFile } from "./rollouts/step-file.js";
import { tokensOf } from "./rollouts/tokens.js";

/** Of all groups together, as they stand in the report. */
const LIMIT_BYTES = 2_000_000;
/** A group beyond this is held without its tokens. */
const TOKENS_LIMIT_BYTES = 200_000;

export interface HeldRollouts {
  readonly groups: readonly GroupDetail[];
  readonly problems: readonly ProblemDetail[];
  /** Groups of these steps, held or not. */
  readonly of: number;
  /** Lines of these steps that are no rollouts. */
  readonly skipped: number;
}

interface Found extends Candidate {
  readonly rewards: number[];
  readonly rows: Array<{ readonly row: RolloutRow; readonly start: number; readonly bytes: number }>;
}

/** @param steps  in order; those without a file have no groups */
export async function heldRollouts(
  runPath: string,
  place: string,
  steps: readonly number[],
  limitBytes = LIMIT_BYTES,
): Promise<HeldRollouts> {
  const read = await Promise.all(steps.map((step) => groupsOf(runPath, step)));
  const found = read.flatMap(({ groups }) => groups);
  const skipped = read.reduce((sum, each) => sum + each.skipped, 0);
  const facts = runFacts(runPath);
  const problems = new RunProblems(facts.data);
  const groups: GroupDetail[] = [];
  let room = limitBytes;
  for (const group of inTurn(found)) {
    // What stands in the report is no shorter than the half of its lines.
    if (group.rows.reduce((sum, { bytes }) => sum + bytes, 0) > 2 * room) continue;
    const rollouts = await detailsOf(runPath, group, { facts, problems });
    const bytes = Buffer.byteLength(JSON.stringify(rollouts));
    if (rollouts.length === 0 || bytes > room) continue;
    room -= bytes;
    const ofStep = found.filter(({ step }) => step === group.step).map((other) => other.group);
    const last = ofStep.reduce((a, b) => Math.max(a, b));
    groups.push({ run: place, step: group.step, group: group.group, groups: last + 1, rollouts, skipped: [] });
  }
  const ids = [...new Set(groups.flatMap(({ rollouts }) => rollouts.map(({ problem }) => problem)))].sort();
  // A file so large that it takes time to look into is left to the dashboard.
  const known = (await Promise.all(ids.map((id) => problems.atHand(id)))).flatMap((problem) => problem ?? []);
  const shown = known.map((problem) => problemDetail(problem.id, { problem }));
  return { groups: groups.sort(byPlace), problems: shown, of: found.length, skipped };
}

function byPlace(a: GroupDetail, b: GroupDetail): number {
  return a.step - b.step || a.group - b.group;
}

/** What is no rollout is left out: the dashboard names it. */
async function groupsOf(
  runPath: string,
  step: number,
): Promise<{ readonly groups: Found[]; readonly skipped: number }> {
  const path = join(runPath, "rollouts", stepFile(step));
  const groups = new Map<number, Found>();
  let skipped = 0;
  if (!existsSync(path)) return { groups: [], skipped };
  for await (const piece of piecesOf(path)) {
    for (const { from, to } of linesOf(piece)) {
      const entry = entryOf(piece.bytes.toString("utf8", from, to));
      if (typeof entry === "string") {
        skipped++;
        continue;
      }
      const { program: _, ...fields } = entry;
      const { group, task, reward } = fields;
      const one = groups.get(group) ?? { step, group, task, rewards: [], rows: [] };
      groups.set(group, one);
      if (reward !== null) one.rewards.push(reward);
      one.rows.push({ row: { step, ...fields }, start: piece.start + from, bytes: to - from });
    }
  }
  return { groups: [...groups.values()], skipped };
}

interface Beside {
  readonly facts: ReturnType<typeof runFacts>;
  readonly problems: RunProblems;
}

async function detailsOf(runPath: string, { step, group, rows }: Found, beside: Beside): Promise<RolloutDetail[]> {
  const problem = await beside.problems.atHand(rows[0]?.row.problem ?? "");
  const tokens = await tokensOf(runPath, step, group);
  const file = await open(join(runPath, "rollouts", stepFile(step)));
  const details: RolloutDetail[] = [];
  try {
    for (const { row, start, bytes } of rows) {
      const line = (await readAt(file, start, bytes)).toString("utf8");
      const detail = detailOr(line, row, { facts: beside.facts, problem, tokens: tokens.get(row.sample) ?? null });
      if (detail) details.push(detail);
    }
  } finally {
    await file.close();
  }
  const isLong = Buffer.byteLength(JSON.stringify(details)) > TOKENS_LIMIT_BYTES;
  return isLong ? details.map((detail) => ({ ...detail, tokenDetail: null })) : details;
}

/** Null for a line that does not hold together. */
function detailOr(...asked: Parameters<typeof detailOf>): RolloutDetail | null {
  try {
    return detailOf(...asked);
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
}
