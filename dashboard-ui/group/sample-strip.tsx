// A group's samples to choose from: each with its verdict, reward and advantage.

import type { JSX } from "preact";
import type { RolloutDetail } from "../../src/dashboard/api/rollouts.js";
import { useKeys } from "../keyboard.js";
import { rewardText, SignedBar, VerdictMark } from "../rollouts/row-words.js";
import { goTo } from "../route.js";
import { type GroupAddress, neighbour, opposite, toggled, writeGroup } from "./address.js";

interface SampleStripProps {
  readonly address: GroupAddress;
  readonly rollouts: readonly RolloutDetail[];
}

export function SampleStrip({ address, rollouts }: SampleStripProps): JSX.Element {
  const { sample, compared } = address;
  const samples = rollouts.map((rollout) => rollout.sample);
  const isComparing = compared.length > 0;
  const show = (next: GroupAddress): void => goTo("group", writeGroup(next), "replace");
  const choose = (chosen: number): void => show({ ...address, sample: chosen });
  const compare = (): void => show(comparing(address, rollouts));
  const next = (): void => choose(neighbour(samples, sample, 1));
  const previous = (): void => choose(neighbour(samples, sample, -1));
  useKeys("Group", [
    { keys: "h", says: "sample to the left", run: previous },
    { keys: "l", says: "sample to the right", run: next },
    { keys: "ArrowLeft", says: "sample to the left", run: previous },
    { keys: "ArrowRight", says: "sample to the right", run: next },
    ...samples
      .filter((number) => number < 10)
      .map((number) => ({
        keys: String(number),
        says: `sample ${number}`,
        run: () => choose(number),
      })),
    { keys: "c", says: "compare samples, or one alone", run: compare },
    { keys: "v", says: "put the sample beside the others, or take it away", run: () => show(toggled(address, sample)) },
  ]);
  return (
    <div class="samples" role="group" aria-label="Samples of this prompt">
      {rollouts.map((rollout) => (
        <button
          key={rollout.sample}
          type="button"
          class="sample"
          aria-pressed={isComparing ? compared.includes(rollout.sample) : rollout.sample === sample}
          aria-current={rollout.sample === sample ? "true" : undefined}
          onClick={() => (isComparing ? show(toggled(address, rollout.sample)) : choose(rollout.sample))}
        >
          <span class="row">
            <strong>{rollout.sample}</strong>
            <VerdictMark rollout={rollout} />
            <span class="number push" title="Reward">
              {rewardText(rollout.reward)}
            </span>
          </span>
          <SignedBar value={rollout.advantage} />
        </button>
      ))}
      <button type="button" aria-pressed={isComparing} title="Samples side by side  (c)" onClick={compare}>
        {isComparing ? "One alone" : "Compare"}
      </button>
    </div>
  );
}

function comparing(address: GroupAddress, rollouts: readonly RolloutDetail[]): GroupAddress {
  const { sample, compared } = address;
  if (compared.length > 0) return { ...address, compared: [] };
  const other = opposite(new Map(rollouts.map((rollout) => [rollout.sample, rollout.reward])), sample);
  return { ...address, compared: [sample, ...(other === null ? [] : [other])].sort((a, b) => a - b) };
}
