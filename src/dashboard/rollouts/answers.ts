// Answers about a run's rollouts, one method a question of the dashboard. Every question first looks whether the run has
// gone on; none waits for the index to be complete.

import type { z } from "zod";
import { UsageError } from "../../core/errors.js";
import type { endpoints } from "../api/endpoints.js";
import type {
  GroupDetail,
  ProblemDetail,
  ProblemTable,
  RolloutLinks,
  RolloutPage,
  SearchPage,
} from "../api/rollouts.js";
import { runFacts } from "./facts.js";
import { groupOf } from "./group.js";
import { linksOf, rowOf } from "./links.js";
import { Pages } from "./page.js";
import { problemDetail, RunProblems } from "./problem.js";
import { problemRows } from "./problem-table.js";
import { RolloutIndex } from "./rollout-index.js";
import { search } from "./search.js";
import { type View, viewOf } from "./view.js";

type Name = "rollouts" | "search" | "group" | "links" | "problem";
/** A question as its schema reads it. */
type Asked<N extends Name> = Omit<z.output<(typeof endpoints)[N]["query"]>, "run">;

export interface Rollouts {
  page(question: Asked<"rollouts">): Promise<RolloutPage>;
  search(question: Asked<"search">): Promise<SearchPage>;
  problems(): Promise<ProblemTable>;
  /** @throws UsageError where the run has no such group */
  group(question: Asked<"group">): Promise<Omit<GroupDetail, "run">>;
  /** @throws UsageError where the run has no such rollout */
  links(question: Asked<"links">): Promise<RolloutLinks>;
  problem(question: Asked<"problem">): Promise<ProblemDetail>;
  /** Waits until the index is complete: for a report, or a test. */
  complete(): Promise<void>;
  close(): Promise<void>;
}

/** A newest step of a great many rollouts takes longer than a first page may: then it comes without. */
const FIRST_PAGE_MS = 300;

/** What an answer gives an index that is not complete: a small run's is whole at once. */
const HEAD_START_MS = 40;

/**
 * @param runPath  a run's folder; of its rollouts nothing is read before the first question
 * @param segmentRows  how many rollouts make a file of the index; only tests want few
 */
export function openRollouts(runPath: string, segmentRows?: number): Rollouts {
  const index = new RolloutIndex(runPath, segmentRows);
  const facts = runFacts(runPath);
  const problems = new RunProblems(facts.data);
  const pages = new Pages();
  let view: View | null = null;
  const current = async (): Promise<View> => {
    await atMost(FIRST_PAGE_MS, index.follow());
    await atMost(HEAD_START_MS, index.complete());
    if (view?.generation !== index.generation) view = viewOf(index);
    return view;
  };
  return {
    page: async (question) => ({ ...pages.page(await current(), question), index: index.progress() }),
    search: async ({ text, cursor, ...filter }) => {
      await index.follow();
      return search(index, filter, text, cursor);
    },
    problems: async () => ({ problems: problemRows(await current()), index: index.progress() }),
    group: async ({ step, group }) => {
      await index.follow();
      return groupOf({ runPath, index, facts, problems }, step, group);
    },
    links: async ({ step, group, sample }) => {
      await index.step(step);
      const now = await current();
      const rows = index.indexed.get(step);
      const row = rows ? rowOf(rows, { group, sample }) : null;
      if (!row) throw new UsageError(`${runPath}: has no rollout ${sample} of group ${group} in step ${step}`);
      return { links: linksOf(now, row), index: index.progress() };
    },
    problem: async ({ problem, data }) => problemDetail(problem, await problems.find(problem, data)),
    complete: () => index.complete(),
    close: () => index.close(),
  };
}

async function atMost(milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  try {
    await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
