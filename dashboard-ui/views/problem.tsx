// A problem of a run: what is asked, how it is tested, and how the model did on it over the steps.

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { ProblemDetail, RolloutRow } from "../../src/dashboard/api/rollouts.js";
import { Code } from "../parts/code.js";
import { CopyButton } from "../parts/copy-button.js";
import { FoldedText } from "../parts/folded-text.js";
import { Answered, Empty, Failure } from "../parts/state.js";
import { VisibleText } from "../parts/visible-text.js";
import { VisitPlot } from "../problem/visit-plot.js";
import { visitsOf } from "../problem/visits.js";
import { IndexNote } from "../rollouts/index-note.js";
import { useIndexed } from "../rollouts/use-indexed.js";
import { linkTo } from "../route.js";
import { useAnswer } from "../use-answer.js";

export function ProblemView({ parameters }: { readonly parameters: URLSearchParams }): JSX.Element {
  const run = parameters.get("run") ?? "";
  const problem = parameters.get("problem") ?? "";
  const isAsked = run !== "" && problem !== "";
  const asked = useAnswer("problem", isAsked ? { run, problem } : null);
  if (!isAsked) {
    return (
      <div class="page">
        <Empty title="No problem is chosen">
          <p>
            Choose one among the <a href={linkTo("rollouts", { run, tab: "problems" })}>problems of a run</a>.
          </p>
        </Empty>
      </div>
    );
  }
  return (
    <div class="page">
      <header class="row">
        <h1>
          <VisibleText text={problem} />
        </h1>
        <span class="row push">
          <a href={linkTo("rollouts", { run, problem })}>its rollouts</a>
          <a href={linkTo("rollouts", { run, tab: "problems" })}>all problems</a>
          <CopyButton label="Copy link" text={() => location.href} title="A link to this problem" />
        </span>
      </header>
      <OverSteps run={run} problem={problem} />
      <Answered asked={asked} what="the problem">
        {(detail) => <Detail detail={detail} />}
      </Answered>
    </div>
  );
}

/** As many as the server gives at once. */
const NEWEST = 1000;

function OverSteps({ run, problem }: { readonly run: string; readonly problem: string }): JSX.Element {
  const { answer, error } = useIndexed("rollouts", { run, problem, order: "newest", offset: 0, limit: NEWEST });
  const rows = answer?.rows ?? [];
  return (
    <section class="stack">
      {error !== null && <Failure title="Cannot show its rollouts" message={error} />}
      <div class="row">
        <h2>Over the steps</h2>
        <IndexNote index={answer?.index ?? null} />
        {answer !== null && answer.total > rows.length && (
          <span class="faint">
            the newest {rows.length.toLocaleString("en")} of {answer.total.toLocaleString("en")} rollouts
          </span>
        )}
      </div>
      <div class="visit-tasks">
        <Visits run={run} problem={problem} rows={rows} task="code" title="Code: programs that pass" />
        <Visits run={run} problem={problem} rows={rows} task="alignment" title="Alignment: values predicted right" />
      </div>
    </section>
  );
}

interface VisitsProps {
  readonly run: string;
  readonly problem: string;
  readonly rows: readonly RolloutRow[];
  readonly task: RolloutRow["task"];
  readonly title: string;
}

function Visits({ run, problem, rows, task, title }: VisitsProps): JSX.Element {
  const visits = useMemo(() => visitsOf(rows, problem, task), [rows, problem, task]);
  return (
    <section class="panel">
      <div class="panel-head">
        <h3>{title}</h3>
        <span class="faint push">{visits.length === 1 ? "met once" : `met ${visits.length} times`}</span>
      </div>
      {visits.length === 0 ? <p class="faint visits-none">None so far.</p> : <VisitPlot run={run} visits={visits} />}
    </section>
  );
}

function Detail({ detail }: { readonly detail: ProblemDetail }): JSX.Element {
  const { language, prompt, reference, tests, missing } = detail;
  if (missing !== null) {
    return (
      <Empty title="The problem itself is not at hand">
        <p>{missing}</p>
      </Empty>
    );
  }
  return (
    <>
      <section class="stack">
        <h2>What is asked</h2>
        <FoldedText text={prompt} label="Prompt" lines={40} />
      </section>
      {reference !== null && (
        <details class="panel">
          <summary>A program that is known to be right</summary>
          <Code text={reference} language={language} label="Reference program" />
        </details>
      )}
      <Tests tests={tests} />
    </>
  );
}

const SHOWN_TESTS = 20;

function Tests({ tests }: Pick<ProblemDetail, "tests">): JSX.Element {
  const [showAll, setShowAll] = useState(false);
  return (
    <section class="stack">
      <h2>
        Tests <span class="faint">{tests.length.toLocaleString("en")}</span>
      </h2>
      <div class="scroll-x">
        <table class="problem-tests">
          <thead>
            <tr>
              <th scope="col">test</th>
              <th scope="col">kind</th>
              <th scope="col">input</th>
              <th scope="col">expected</th>
            </tr>
          </thead>
          <tbody>
            {tests.slice(0, showAll ? tests.length : SHOWN_TESTS).map(({ kind, input, expected }, index) => (
              <tr key={index}>
                <td class="number">{index + 1}</td>
                <td class="faint">{kind}</td>
                <td>
                  <FoldedText text={input} label={`Input of test ${index + 1}`} lines={8} />
                </td>
                <td>
                  <FoldedText text={expected} label={`Expected of test ${index + 1}`} lines={8} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {!showAll && tests.length > SHOWN_TESTS && (
        <button type="button" onClick={() => setShowAll(true)}>
          All {tests.length.toLocaleString("en")} tests
        </button>
      )}
    </section>
  );
}
