// The table of the list: a row a run, seeds of one setting under a row of their own that folds them.

import type { JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";
import type { RunSummary } from "../../src/dashboard/api/runs.js";
import { useCurves, useNear } from "../charts/use-curves.js";
import { agoText, dateText } from "../parts/format.js";
import { BeforeAfter, RunProgress, RunStatus, SeedsBeforeAfter, timeLeftText } from "../parts/run-facts.js";
import { Sparkline } from "../parts/sparkline.js";
import { linkTo } from "../route.js";
import type { RunGroup, RunOrder, SortColumn } from "./run-rows.js";

interface RunTableProps {
  readonly groups: readonly RunGroup[];
  readonly order: RunOrder;
  readonly chosen: ReadonlySet<string>;
  readonly folded: ReadonlySet<string>;
  readonly onOrder: (column: SortColumn) => void;
  readonly onChoose: (runs: readonly string[], isChosen: boolean) => void;
  readonly onFold: (setting: string, isFolded: boolean) => void;
}

interface Head {
  readonly says: string;
  readonly title: string;
  readonly sort?: SortColumn;
  readonly wide?: true;
}

const heads: readonly Head[] = [
  { says: "Run", title: "Its folder", sort: "name" },
  { says: "Status", title: "What it does now", sort: "status" },
  { says: "Steps", title: "Steps done, of those asked for", sort: "progress" },
  { says: "Left", title: "Time left, by the median of its newest steps", wide: true },
  { says: "Code", title: "Held-out problems solved (code_pass_at_1), before and after training", sort: "code" },
  {
    says: "Alignment",
    title: "Held-out variables right (variables_right), before and after training",
    sort: "alignment",
  },
  { says: "Rewards", title: "Mean reward over the steps: code (unbroken), alignment (dashed)", wide: true },
  { says: "Started", title: "When it was started", sort: "started", wide: true },
];

export function RunTable(props: RunTableProps): JSX.Element {
  const { groups, order, chosen } = props;
  const all = groups.flatMap(({ runs }) => runs.map(({ run }) => run));
  return (
    <div class="panel scroll-x">
      <table class="run-table">
        <thead>
          <tr>
            <th>
              <Tick label="every run shown" runs={all} chosen={chosen} onChoose={props.onChoose} />
            </th>
            {heads.map((head) => (
              <HeadCell key={head.says} head={head} order={order} onOrder={props.onOrder} />
            ))}
          </tr>
        </thead>
        {groups.map((group) => (
          <GroupBody key={group.setting} {...props} group={group} />
        ))}
      </table>
    </div>
  );
}

function HeadCell({
  head,
  order,
  onOrder,
}: { readonly head: Head } & Pick<RunTableProps, "order" | "onOrder">): JSX.Element {
  const { sort } = head;
  const isSorted = sort !== undefined && sort === order.column;
  return (
    <th
      class={head.wide ? "wide-only" : undefined}
      title={head.title}
      aria-sort={isSorted ? (order.isDescending ? "descending" : "ascending") : undefined}
    >
      {sort ? (
        <button type="button" class="plain" onClick={() => onOrder(sort)}>
          {head.says} {isSorted ? (order.isDescending ? "↓" : "↑") : ""}
        </button>
      ) : (
        head.says
      )}
    </th>
  );
}

function GroupBody({ group, ...props }: RunTableProps & { readonly group: RunGroup }): JSX.Element {
  const { setting, name, runs } = group;
  const row = (run: RunSummary, groupName: string | null) => (
    <RunRow key={run.run} run={run} groupName={groupName} chosen={props.chosen} onChoose={props.onChoose} />
  );
  const [first] = runs;
  if (first && runs.length === 1) return <tbody>{row(first, null)}</tbody>;
  const isFolded = props.folded.has(setting);
  const places = runs.map(({ run }) => run);
  return (
    <tbody>
      <tr class="run-group">
        <td>
          <Tick
            label={`the ${runs.length} seeds of ${name}`}
            runs={places}
            chosen={props.chosen}
            onChoose={props.onChoose}
          />
        </td>
        <td colSpan={4}>
          <button
            type="button"
            class="plain"
            data-row
            aria-expanded={!isFolded}
            title="Seeds of one setting: click to fold"
            onClick={() => props.onFold(setting, !isFolded)}
          >
            <span aria-hidden="true">{isFolded ? "▸" : "▾"}</span> <strong>{name}</strong>{" "}
            <span class="faint">
              {first?.recipe}, {runs.length} seeds
            </span>
          </button>{" "}
          <a href={linkTo("compare", { run: places })} title="Their curves as a mean with a band">
            curves
          </a>
        </td>
        {["code_pass_at_1", "variables_right"].map((measure) => (
          <td key={measure}>
            <SeedsBeforeAfter runs={runs} measure={measure} />
          </td>
        ))}
        <td colSpan={2} class="wide-only" />
      </tr>
      {isFolded ? null : runs.map((run) => row(run, name))}
    </tbody>
  );
}

interface RunRowProps extends Pick<RunTableProps, "chosen" | "onChoose"> {
  readonly run: RunSummary;
  /** Of the seeds it stands among; null where it stands alone. */
  readonly groupName: string | null;
}

function RunRow({ run, groupName, chosen, onChoose }: RunRowProps): JSX.Element {
  const isBelow = groupName !== null && run.run.startsWith(`${groupName}/`);
  const name = isBelow ? run.run.slice(groupName.length + 1) : run.run;
  return (
    <tr aria-selected={chosen.has(run.run)}>
      <td>
        <Tick label={run.run} runs={[run.run]} chosen={chosen} onChoose={onChoose} />
      </td>
      <td class={groupName === null ? undefined : "run-seed"}>
        <a href={linkTo("run", { run: run.run })} data-row title={run.run}>
          {name}
        </a>{" "}
        <span class="faint run-recipe">
          {[groupName === null ? run.recipe : null, name.endsWith(`seed-${run.seed}`) ? null : `seed ${run.seed}`]
            .filter(Boolean)
            .join(", ")}
        </span>
        {run.problem ? <div class="bad run-problem">✗ {run.problem}</div> : null}
      </td>
      <td>
        <RunStatus run={run} />
      </td>
      <td>
        <RunProgress run={run} />
      </td>
      <td class="wide-only nowrap">{timeLeftText(run)}</td>
      <td>
        <BeforeAfter run={run} measure="code_pass_at_1" />
      </td>
      <td>
        <BeforeAfter run={run} measure="variables_right" />
      </td>
      <td class="wide-only">
        <RewardSparkline run={run.run} />
      </td>
      <td class="wide-only nowrap faint" title={dateText(run.startedAt)}>
        {agoText(run.startedAt, Date.now())}
      </td>
    </tr>
  );
}

const REWARDS = ["code/reward_mean", "alignment/reward_mean"];

function RewardSparkline({ run }: { readonly run: string }): JSX.Element {
  const cell = useRef<HTMLDivElement>(null);
  const isNear = useNear(cell);
  const runs = useMemo(() => [{ run, group: run }], [run]);
  const { curves } = useCurves(runs, REWARDS, isNear);
  const columns = REWARDS.map((metric) => curves?.find((curve) => curve.metric === metric)?.values ?? []);
  return (
    <div ref={cell} class="sparkline-cell">
      {curves === null ? null : <Sparkline columns={columns} title={`Rewards of ${run}`} />}
    </div>
  );
}

interface TickProps extends Pick<RunTableProps, "chosen" | "onChoose"> {
  readonly label: string;
  readonly runs: readonly string[];
}

function Tick({ label, runs, chosen, onChoose }: TickProps): JSX.Element {
  const count = runs.filter((run) => chosen.has(run)).length;
  return (
    <input
      type="checkbox"
      aria-label={`Choose ${label}`}
      checked={runs.length > 0 && count === runs.length}
      indeterminate={count > 0 && count < runs.length}
      onChange={({ currentTarget }) => onChoose(runs, currentTarget.checked)}
    />
  );
}
