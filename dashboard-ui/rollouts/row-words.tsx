// A rollout in a few words and signs, as every list of rollouts shows it: the verdict, the reward, the advantage.

import type { JSX } from "preact";
import type { RolloutPlace, RolloutRow } from "../../src/dashboard/api/rollouts.js";
import { linkTo } from "../route.js";

type Verdict = RolloutRow["verdict"];

const looks: Readonly<Record<NonNullable<Verdict>, readonly [sign: string, tone: string, says: string]>> = {
  passed: ["✓", "good", "passed every test"],
  failed: ["✗", "bad", "failed a test"],
  unparsable: ["¶", "warn", "no program could be read from the completion"],
  infrastructure: ["!", "faint", "the judge failed; no fault of the rollout, which has no reward"],
};

/** What is known of a rollout before it is opened. */
export type Judged = Pick<RolloutRow, "task" | "verdict" | "reason" | "reward">;

export interface VerdictLook {
  readonly sign: string;
  readonly tone: string;
  readonly word: string;
  readonly says: string;
}

/** Of a failed one the word is why. An alignment rollout has no verdict: its reward says it. */
export function verdictLook({ verdict, reason, reward }: Judged): VerdictLook {
  if (verdict !== null) {
    const [sign, tone, says] = looks[verdict];
    return { sign, tone, word: reason ?? verdict, says: reason === null ? says : `${says}: ${reason}` };
  }
  const says = "The share of the asked values that it predicted right";
  if (reward === null) return { sign: "–", tone: "faint", word: "no reward", says };
  if (reward >= 1) return { sign: "●", tone: "good", word: "all right", says };
  if (reward > 0) return { sign: "◐", tone: "warn", word: "partly right", says };
  return { sign: "○", tone: "bad", word: "nothing right", says };
}

export function VerdictMark({ rollout }: { readonly rollout: Judged }): JSX.Element {
  const { sign, tone, word, says } = verdictLook(rollout);
  return (
    <span class="verdict" title={says}>
      <span class={tone}>{sign}</span> {word}
    </span>
  );
}

export function rewardText(reward: number | null): string {
  return reward === null ? "–" : String(Number(reward.toFixed(3)));
}

export function signedText(value: number | null): string {
  if (value === null) return "–";
  const text = Math.abs(value).toFixed(2);
  return value < 0 && Number(text) !== 0 ? `−${text}` : Number(text) === 0 ? text : `+${text}`;
}

/** With a full bar; advantages that are normalised seldom go beyond. */
const FULL_ADVANTAGE = 2;

/** To the right of the middle what was better than its group, to the left what was worse. */
export function SignedBar({ value }: { readonly value: number | null }): JSX.Element {
  const share = value === null ? 0 : Math.min(1, Math.abs(value) / FULL_ADVANTAGE) * 50;
  const isBelow = value !== null && value < 0;
  return (
    <span class="signed" title="How much better than its group: above 0 it was made likelier, below 0 less likely">
      <span class="signed-track" aria-hidden="true">
        <span
          class={isBelow ? "signed-below" : "signed-above"}
          style={{ width: `${share}%`, left: isBelow ? `${50 - share}%` : "50%" }}
        />
      </span>
      <span class="number">{signedText(value)}</span>
    </span>
  );
}

export function linkToRollout(run: string, { step, group, sample }: RolloutPlace): string {
  return linkTo("group", { run, step, group, sample });
}
