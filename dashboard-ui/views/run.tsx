// One run: what it is, what it has reached, and its curves.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { EvaluationTable, RunDetail } from "../../src/dashboard/api/runs.js";
import { Board } from "../charts/board.js";
import { ChartCard, type ChartCardProps } from "../charts/chart-card.js";
import { Answered, Empty } from "../parts/state.js";
import { linkTo } from "../route.js";
import { RunHeader } from "../runs/run-header.js";
import { RunProvenance } from "../runs/run-provenance.js";
import { RunResults } from "../runs/run-results.js";
import { useAnswer } from "../use-answer.js";

interface ViewProps {
  readonly parameters: URLSearchParams;
}

export function RunView({ parameters }: ViewProps): JSX.Element {
  const run = parameters.get("run");
  const asked = useAnswer("run", run === null ? null : { run });
  if (run === null) {
    return (
      <div class="page">
        <Empty title="Which run?">
          <a href={linkTo("runs")}>Choose one from the list</a>
        </Empty>
      </div>
    );
  }
  return (
    <div class="page">
      <Answered asked={asked} what="this run">
        {(detail) => <RunShown detail={detail} parameters={parameters} />}
      </Answered>
    </div>
  );
}

function RunShown({ detail, parameters }: ViewProps & { readonly detail: RunDetail }): JSX.Element {
  const { summary, metrics } = detail;
  const runs = useMemo(() => [{ run: summary.run, group: summary.run }], [summary.run]);
  const family = detail.evaluations.find(({ benchmark }) => benchmark === "family");
  return (
    <>
      <RunHeader detail={detail} />
      <RunResults detail={detail} />
      {metrics.length === 0 ? (
        <Empty title="No step is done yet">
          <p>Its curves appear here with the first step{summary.status === "running" ? "" : ", once it is resumed"}.</p>
        </Empty>
      ) : (
        <Board
          view="run"
          parameters={parameters}
          runs={runs}
          metrics={metrics}
          lastStep={summary.stepsDone}
          {...((family?.steps.length ?? 0) > 2
            ? { first: (card) => <HeldOutCard run={summary.run} card={card} /> }
            : {})}
        />
      )}
      <RunProvenance detail={detail} />
    </>
  );
}

interface HeldOutProps {
  readonly run: string;
  readonly card: Omit<ChartCardProps, "spec" | "runs">;
}

const MEASURES = ["code_pass_at_1", "variables_right", "all_right", "output_right", "self_check_at_8"];

/** The family evaluation over the steps, where there is more than before and after. */
function HeldOutCard({ run, card }: HeldOutProps): JSX.Element {
  const { answer, error } = useAnswer("evaluation", { run, benchmark: "family" });
  const measures = useAnswer("catalogue", {}).answer?.measures ?? {};
  const curves = useMemo(() => (answer ? heldOutCurves(run, answer) : null), [answer]);
  const spec = { id: "held-out", title: "Held-out problems", metrics: MEASURES, unit: "share" as const };
  const runs = useMemo(() => [{ run, group: run }], [run]);
  return <ChartCard {...card} meanings={measures} spec={spec} runs={runs} curves={{ curves, error }} />;
}

function heldOutCurves(run: string, { records }: EvaluationTable) {
  const steps = records.map(({ step }) => step);
  return MEASURES.map((metric) => {
    return { run, group: run, metric, steps, values: records.map(({ metrics }) => metrics[metric]?.value ?? null) };
  });
}
