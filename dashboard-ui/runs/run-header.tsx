// The head of a run's page: its name, how far it has come, and the ways on from here.

import type { JSX } from "preact";
import type { RunDetail } from "../../src/dashboard/api/runs.js";
import { dateText, durationText } from "../parts/format.js";
import { RunProgress, RunStatus } from "../parts/run-facts.js";
import { linkTo } from "../route.js";

export function RunHeader({ detail }: { readonly detail: RunDetail }): JSX.Element {
  const { summary } = detail;
  return (
    <header class="stack">
      <div class="row">
        <h1>{summary.run === "." ? summary.name : summary.run}</h1>
        <RunStatus run={summary} />
      </div>
      {summary.problem ? <p class="bad">✗ {summary.problem}</p> : null}
      <dl class="facts">
        {factsOf(detail).map(([term, value, meaning]) => (
          <div key={term} title={meaning}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </header>
  );
}

type Fact = readonly [term: string, value: JSX.Element | string, meaning: string];

function factsOf({ summary, rollouts, best }: RunDetail): Fact[] {
  const facts: Array<Fact | null> = [
    ["Recipe", summary.recipe, "What the run was started with; its whole config is below"],
    ["Seed", String(summary.seed), "Runs of one setting differ in nothing else"],
    [
      "Steps",
      <RunProgress key="steps" run={summary} />,
      "A step is one batch of rollouts and the updates made from it",
    ],
    summary.stepSeconds === null
      ? null
      : ["A step takes", durationText(summary.stepSeconds), "Median wall-clock time of the newest steps"],
    summary.status === "running" && summary.secondsLeft !== null
      ? ["Time left", durationText(summary.secondsLeft), "Steps left, each as long as the newest ones"]
      : null,
    ["Started", dateText(summary.startedAt), summary.startedAt],
    summary.finishedAt === null ? null : ["Ended", dateText(summary.finishedAt), summary.finishedAt],
    rollouts
      ? [
          "Rollouts",
          <a
            key="rollouts"
            href={linkTo("rollouts", { run: summary.run })}
          >{`steps ${rollouts.first} to ${rollouts.last}`}</a>,
          `${rollouts.steps} steps have their rollouts kept`,
        ]
      : null,
    best ? ["Best checkpoint", `step ${best.step}`, `By ${best.measure}: ${best.value}`] : null,
  ];
  return facts.filter((fact) => fact !== null);
}
