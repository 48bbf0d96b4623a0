// Where a group is in its run, what became of it in a line, and the way to its neighbours.

import type { JSX } from "preact";
import type { GroupDetail } from "../../src/dashboard/api/rollouts.js";
import { useKeys } from "../keyboard.js";
import { numberText } from "../parts/format.js";
import { VisibleText } from "../parts/visible-text.js";
import { goTo, linkTo } from "../route.js";
import { elsewhere, type GroupAddress, writeGroup } from "./address.js";

interface HeaderProps {
  readonly address: GroupAddress;
  readonly detail: GroupDetail;
  /** Steps of the run that have rollouts; null where that is not known. */
  readonly steps: { readonly first: number; readonly last: number } | null;
}

export function GroupHeader({ address, detail, steps }: HeaderProps): JSX.Element {
  const { run, step, group } = detail;
  const [first] = detail.rollouts;
  return (
    <header class="row group-header">
      <h1>
        Step {step}, group {group}
      </h1>
      <span class="faint">of {detail.groups}</span>
      {first && (
        <>
          <span class="chip">{first.task}</span>
          <a class="mono" href={linkTo("problem", { run, problem: first.problem })} title="The problem">
            <VisibleText text={first.problem} />
          </a>
        </>
      )}
      <GroupSummary detail={detail} />
      <Neighbours address={address} groups={detail.groups} steps={steps} />
    </header>
  );
}

function GroupSummary({ detail }: { readonly detail: GroupDetail }): JSX.Element | null {
  const rewards = detail.rollouts.flatMap(({ reward }) => reward ?? []);
  if (rewards.length === 0) return <span class="faint">no rewards</span>;
  const mean = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
  const isFlat = rewards.every((reward) => reward === rewards[0]);
  const passed = detail.rollouts.filter(({ verdict }) => verdict === "passed").length;
  const isCode = detail.rollouts.some(({ task }) => task === "code");
  return (
    <span>
      {isCode && (
        <>
          <strong>{passed}</strong> of {detail.rollouts.length} passed ·{" "}
        </>
      )}
      mean reward <strong>{numberText(mean)}</strong>{" "}
      {isFlat && (
        <span
          class="chip warn"
          title="All rewards are equal: with advantages against the group's mean nothing is learnt from it"
        >
          no spread
        </span>
      )}
    </span>
  );
}

function Neighbours({
  address,
  groups,
  steps,
}: Pick<HeaderProps, "address" | "steps"> & { readonly groups: number }): JSX.Element {
  const { step, group } = address;
  const to = (nextStep: number, nextGroup: number): (() => void) => {
    // The way back leads to where the reader came from, not through every group.
    return () => goTo("group", writeGroup(elsewhere(address, nextStep, nextGroup)), "replace");
  };
  const moves = [
    { keys: "[", says: "previous group", sign: "‹ group", isOn: group > 0, run: to(step, group - 1) },
    { keys: "]", says: "next group", sign: "group ›", isOn: group + 1 < groups, run: to(step, group + 1) },
    { keys: "{", says: "previous step", sign: "« step", isOn: step > (steps?.first ?? 0), run: to(step - 1, group) },
    {
      keys: "}",
      says: "next step",
      sign: "step »",
      isOn: steps === null || step < steps.last,
      run: to(step + 1, group),
    },
  ];
  useKeys(
    "Group",
    moves.map(({ keys, says, isOn, run }) => ({ keys, says, run: () => (isOn ? run() : undefined) })),
  );
  return (
    <span class="row push">
      <a href={linkTo("rollouts", { run: address.run, step })}>all of step {step}</a>
      <span class="segmented">
        {moves.map(({ keys, says, sign, isOn, run }) => (
          <button key={keys} type="button" disabled={!isOn} title={`${says}  (${keys})`} onClick={run}>
            {sign}
          </button>
        ))}
      </span>
    </span>
  );
}
