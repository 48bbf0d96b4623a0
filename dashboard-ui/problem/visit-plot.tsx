// A problem's rollouts as dots: a column for each time that a step met it, full dots for what was right.

import type { JSX } from "preact";
import type { RolloutRow } from "../../src/dashboard/api/rollouts.js";
import { percentText } from "../parts/format.js";
import { linkToRollout, rewardText, verdictLook } from "../rollouts/row-words.js";
import { linkTo } from "../route.js";
import { meanReward, type Visit } from "./visits.js";

export function VisitPlot({ run, visits }: { readonly run: string; readonly visits: readonly Visit[] }): JSX.Element {
  return (
    <ol class="visits">
      {visits.map((visit) => (
        <li key={`${visit.step} ${visit.group}`}>
          <span class="visit-dots">
            {visit.rollouts.map((rollout) => (
              <Dot key={rollout.sample} run={run} rollout={rollout} />
            ))}
          </span>
          <span class="number" title="Mean reward">
            {percentText(meanReward(visit), 0)}
          </span>
          <a
            class="number"
            href={linkTo("group", { run, step: visit.step, group: visit.group })}
            title={`Step ${visit.step}`}
          >
            {visit.step}
          </a>
        </li>
      ))}
    </ol>
  );
}

function Dot({ run, rollout }: { readonly run: string; readonly rollout: RolloutRow }): JSX.Element {
  const { sign, tone, word } = verdictLook(rollout);
  const says = `Sample ${rollout.sample}: ${word}, reward ${rewardText(rollout.reward)}`;
  return (
    <a class={`visit-dot ${tone}`} href={linkToRollout(run, rollout)} title={says} aria-label={says}>
      {sign}
    </a>
  );
}
