// Answers about a run's rollouts, one method a question of the dashboard.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { messageOf, UsageError } from "../../core/errors.js";
import type { endpoints } from "../api/endpoints.js";
import type {
  GroupDetail,
  ProblemDetail,
  ProblemTable,
  RolloutDetail,
  RolloutLinks,
  RolloutPage,
  RolloutRow,
  SearchPage,
} from "../api/rollouts.js";
import { detailOf } from "./detail.js";
import { type Entry, entryOf } from "./entry.js";
import { runFacts } from "./facts.js";
import { problemDetail, RunProblems } from "./problem.js";
import { stepFile, stepOf } from "./step-file.js";
import { tokensOf } from "./tokens.js";

type Name = "rollouts" | "search" | "problems" | "group" | "links" | "problem";
/** A question as its schema reads it. */
type Asked<N extends Name> = Omit<z.output<(typeof endpoints)[N]["query"]>, "run">;

export interface Rollouts {
  page(question: Asked<"rollouts">): Promise<RolloutPage>;
  search(question: Asked<"search">): Promise<SearchPage>;
  problems(): Promise<ProblemTable>;
  /** @throws UsageError where the run has no such group */
  group(question: Asked<"group">): Promise<Omit<GroupDetail, "run">>;
  links(question: Asked<"links">): Promise<RolloutLinks>;
  problem(question: Asked<"problem">): Promise<ProblemDetail>;
  close(): Promise<void>;
}

export function openRollouts(runPath: string): Rollouts {
  const facts = runFacts(runPath);
  const problems = new RunProblems(facts.data);
  const all = (): Array<{ row: RolloutRow; entry: Entry; line: string }> =>
    stepsOf(runPath).flatMap((step) =>
      readFileSync(join(runPath, "rollouts", stepFile(step)), "utf8")
        .split("\n")
        .flatMap((line) => {
          const entry = line === "" ? "" : entryOf(line);
          if (typeof entry === "string") return [];
          const { program: _, ...fields } = entry;
          return [{ row: { step, ...fields }, entry, line }];
        }),
    );
  const index = () => {
    const steps = stepsOf(runPath).length;
    return { steps, of: steps, rollouts: all().length, skipped: 0, note: null };
  };
  return {
    page: async ({ offset = 0, limit = 100, ...filter }) => {
      const rows = all()
        .map(({ row }) => row)
        .filter((row) => keeps(row, filter));
      const [from, count] = [offset, limit];
      return { total: rows.length, offset: from, rows: rows.slice(from, from + count), index: index() };
    },
    search: async ({ text, ...filter }) => {
      const found = all().filter(({ row, line }) => keeps(row, filter) && line.toLowerCase().includes(text));
      return { rows: found.map(({ row }) => ({ ...row, excerpt: text })), cursor: null, searched: 1, of: 1 };
    },
    problems: async () => ({ problems: [], index: index() }),
    group: async ({ step, group }) => {
      const ofStep = all().filter(({ row }) => row.step === step);
      const own = ofStep.filter(({ row }) => row.group === group);
      if (own.length === 0) throw new UsageError(`${runPath}: has no group ${group} in step ${step}`);
      const problem = await problems.atHand(own[0]?.row.problem ?? "");
      const tokens = await tokensOf(runPath, step, group);
      const skipped: string[] = [];
      const rollouts = own.flatMap(({ row, line }): RolloutDetail[] => {
        try {
          return [detailOf(line, row, { facts, problem, tokens: tokens.get(row.sample) ?? null })];
        } catch (error) {
          skipped.push(messageOf(error));
          return [];
        }
      });
      const groups = Math.max(...ofStep.map(({ row }) => row.group)) + 1;
      return { step: step, group: group, groups, rollouts, skipped };
    },
    links: async ({ step, group, sample }) => {
      const rollouts = all();
      const own = rollouts.find(({ row }) => row.step === step && row.group === group && row.sample === sample);
      const same = rollouts.filter(
        ({ row, entry }) =>
          own &&
          row.problem === own.row.problem &&
          entry.program === own.entry.program &&
          row.task !== own.row.task &&
          (row.task === "alignment" ? row.step >= own.row.step : row.step <= own.row.step),
      );
      return { links: same.map(({ row }) => row), index: index() };
    },
    problem: async ({ problem }) => problemDetail(problem, await problems.find(problem)),
    close: () => problems.close(),
  };
}

function stepsOf(runPath: string): number[] {
  return readdirSync(join(runPath, "rollouts"))
    .flatMap((name) => stepOf(name) ?? [])
    .sort((a, b) => b - a);
}

function keeps(row: RolloutRow, filter: Omit<Asked<"rollouts">, "offset" | "limit">): boolean {
  const { task, fromStep, toStep, verdict, reason, problem } = filter;
  return (
    (task === undefined || row.task === task) &&
    (fromStep === undefined || row.step >= fromStep) &&
    (toStep === undefined || row.step <= toStep) &&
    (verdict === undefined || row.verdict === verdict) &&
    (reason === undefined || row.reason === reason) &&
    (problem === undefined || row.problem.includes(problem))
  );
}
