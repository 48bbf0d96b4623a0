// Every view by its name in the address, and how it is reached: the tab that stands for it.

import { lazy, type Show } from "./lazy.js";
import type { View } from "./route.js";
import { CompareView } from "./views/compare.js";
import { RolloutsView } from "./views/rollouts.js";
import { RunView } from "./views/run.js";
import { RunsView } from "./views/runs.js";

export interface ViewEntry {
  readonly title: string;
  readonly tab: View;
  readonly show: Show;
}

const GroupView = lazy(async () => (await import("./views/group.js")).GroupView);
const TraceView = lazy(async () => (await import("./views/trace.js")).TraceView);
const ProblemView = lazy(async () => (await import("./views/problem.js")).ProblemView);
const EvaluationsView = lazy(async () => (await import("./views/evaluations.js")).EvaluationsView);
const MatrixView = lazy(async () => (await import("./views/matrix.js")).MatrixView);

export const viewEntries: Readonly<Record<View, ViewEntry>> = {
  runs: { title: "Runs", tab: "runs", show: RunsView },
  run: { title: "Overview", tab: "run", show: RunView },
  compare: { title: "Compare", tab: "compare", show: CompareView },
  rollouts: { title: "Rollouts", tab: "rollouts", show: RolloutsView },
  group: { title: "Group", tab: "rollouts", show: GroupView },
  problem: { title: "Problem", tab: "rollouts", show: ProblemView },
  trace: { title: "Trace", tab: "rollouts", show: TraceView },
  evaluations: { title: "Evaluations", tab: "evaluations", show: EvaluationsView },
  matrix: { title: "Problem by problem", tab: "evaluations", show: MatrixView },
};
