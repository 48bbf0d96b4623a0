// Every view by its name in the address, and how it is reached: the tab that stands for it.

import type { JSX } from "preact";
import type { View } from "./route.js";
import { CompareView } from "./views/compare.js";
import { EvaluationsView } from "./views/evaluations.js";
import { GroupView } from "./views/group.js";
import { MatrixView } from "./views/matrix.js";
import { ProblemView } from "./views/problem.js";
import { RolloutsView } from "./views/rollouts.js";
import { RunView } from "./views/run.js";
import { RunsView } from "./views/runs.js";
import { TraceView } from "./views/trace.js";

export interface ViewEntry {
  readonly title: string;
  readonly tab: View;
  readonly show: (props: { readonly parameters: URLSearchParams }) => JSX.Element;
}

export const viewEntries: Readonly<Partial<Record<View, ViewEntry>>> = {
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
