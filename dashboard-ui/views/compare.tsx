// Runs over each other: their curves, what their configs differ in, what they reached.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { RunDetail } from "../../src/dashboard/api/runs.js";
import { Board } from "../charts/board.js";
import { Swatch } from "../charts/legend.js";
import { RunStatus } from "../parts/run-facts.js";
import { Empty, Failure, Loading } from "../parts/state.js";
import { goTo, linkTo, withChanges } from "../route.js";
import { type ComparedGroup, comparedGroups, curveRuns, settingDifference } from "../runs/compared-groups.js";
import { MeasureTable } from "../runs/measure-table.js";
import { SettingTable } from "../runs/setting-table.js";
import { useAnswer } from "../use-answer.js";
import { useAnswers } from "../use-answers.js";

interface ViewProps {
  readonly parameters: URLSearchParams;
}

export function CompareView({ parameters }: ViewProps): JSX.Element {
  const runs = [...new Set(parameters.getAll("run"))];
  const asked = useAnswers(
    "run",
    runs.map((run) => ({ run })),
  );
  const isLoading = asked.some(({ answer, error }) => answer === null && error === null);
  if (runs.length === 0) return <NothingChosen parameters={parameters} />;
  return (
    <div class="page">
      {isLoading ? (
        <Loading what="these runs" />
      ) : (
        <>
          {asked.map(({ error }, i) =>
            error === null ? null : <Failure key={runs[i]} title={`Cannot show ${runs[i]}`} message={error} />,
          )}
          <Compared answers={asked.map(({ answer }) => answer)} parameters={parameters} />
        </>
      )}
    </div>
  );
}

function NothingChosen({ parameters }: ViewProps): JSX.Element {
  return (
    <div class="page">
      <Empty title="Nothing to compare yet">
        <p>
          Tick runs in <a href={linkTo("runs")}>the list</a>, or add them one by one:
        </p>
        <AddRun parameters={parameters} />
      </Empty>
    </div>
  );
}

/** @param answers  null for a run that cannot be shown */
function Compared({
  answers,
  parameters,
}: ViewProps & { readonly answers: ReadonlyArray<RunDetail | null> }): JSX.Element {
  const found = useMemo(() => answers.filter((detail) => detail !== null), [...answers]);
  const isBySetting = parameters.get("by") !== "run";
  const groups = useMemo(
    () =>
      comparedGroups(
        found.map(({ summary }) => summary),
        isBySetting,
      ),
    [found, isBySetting],
  );
  const runs = useMemo(() => curveRuns(groups), [groups]);
  const metrics = [...new Set(found.flatMap((detail) => detail.metrics))];
  const detailsOf = ({ runs }: ComparedGroup) => found.filter(({ summary }) => runs.includes(summary));
  return (
    <>
      <div class="row">
        <h1>Compare</h1>
        <span class="faint">
          {found.length} {found.length === 1 ? "run" : "runs"}, {groups.length}{" "}
          {groups.length === 1 ? "group" : "groups"}
        </span>
        <div class="row push">
          <Grouping isBySetting={isBySetting} parameters={parameters} />
          <AddRun parameters={parameters} />
        </div>
      </div>
      <Members groups={groups} parameters={parameters} />
      {found.length === 0 ? null : (
        <>
          <Board
            view="compare"
            parameters={parameters}
            runs={runs}
            metrics={metrics}
            lastStep={Math.max(0, ...found.map(({ summary }) => summary.stepsDone))}
          />
          <MeasureTable runs={found.map(({ summary }) => summary.run)} />
          <SettingTable names={groups.map(({ name }) => name)} rows={settingDifference(groups.map(detailsOf))} />
        </>
      )}
    </>
  );
}

function Grouping({ isBySetting, parameters }: ViewProps & { readonly isBySetting: boolean }): JSX.Element {
  const choose = (by: string | null) => (): void =>
    goTo("compare", withChanges(parameters, { by, hide: null }), "replace");
  return (
    <span class="segmented" role="group" aria-label="What one curve is">
      <button
        type="button"
        aria-pressed={isBySetting}
        title="Seeds of one setting as their mean with a band"
        onClick={choose(null)}
      >
        by setting
      </button>
      <button type="button" aria-pressed={!isBySetting} title="Every run for itself" onClick={choose("run")}>
        each run
      </button>
    </span>
  );
}

function AddRun({ parameters }: ViewProps): JSX.Element {
  const { answer } = useAnswer("runs", {});
  const runs = parameters.getAll("run");
  const others = (answer?.runs ?? []).filter(({ run }) => !runs.includes(run));
  return (
    <select
      aria-label="Add a run"
      value=""
      disabled={others.length === 0}
      onChange={({ currentTarget }) =>
        goTo("compare", withChanges(parameters, { run: [...runs, currentTarget.value] }))
      }
    >
      <option value="">Add a run …</option>
      {others.map(({ run }) => (
        <option key={run}>{run}</option>
      ))}
    </select>
  );
}

function Members({ groups, parameters }: ViewProps & { readonly groups: readonly ComparedGroup[] }): JSX.Element {
  const remove = (gone: ComparedGroup): void => {
    const left = parameters.getAll("run").filter((place) => !gone.runs.some(({ run }) => run === place));
    goTo("compare", withChanges(parameters, { run: left }));
  };
  return (
    <ul class="members">
      {groups.map((group, i) => (
        <li key={group.name} class="member panel">
          <Swatch line={{ colour: i, dash: i }} />
          <strong>{group.name}</strong>
          {group.runs.map((run) => (
            <a key={run.run} href={linkTo("run", { run: run.run })} title={run.run}>
              {group.runs.length === 1 ? "open" : `seed ${run.seed}`}
            </a>
          ))}
          {group.runs.every(({ status }) => status === "finished") ? null : (
            <RunStatus run={group.runs[0] ?? { status: "damaged" }} />
          )}
          <button
            type="button"
            class="plain"
            title={`Remove ${group.name}`}
            aria-label={`Remove ${group.name}`}
            onClick={() => remove(group)}
          >
            ×
          </button>
        </li>
      ))}
    </ul>
  );
}
