// From a failed program to the alignment rollouts that were made of it, and from one of those back.

import type { JSX } from "preact";
import { useContext, useState } from "preact/hooks";
import type { RolloutDetail } from "../../src/dashboard/api/rollouts.js";
import { IndexNote } from "../rollouts/index-note.js";
import { linkToRollout, rewardText, VerdictMark } from "../rollouts/row-words.js";
import { useIndexed } from "../rollouts/use-indexed.js";
import { SourceContext } from "../use-answer.js";

const SHOWN = 8;

export function MadeFrom({
  run,
  rollout,
}: {
  readonly run: string;
  readonly rollout: RolloutDetail;
}): JSX.Element | null {
  const { step, group, sample, task, verdict, program } = rollout;
  const isAsked = program !== null && (task === "alignment" || verdict === "failed");
  const { answer, error } = useIndexed("links", isAsked ? { run, step, group, sample } : null);
  const [showAll, setShowAll] = useState(false);
  const { live } = useContext(SourceContext);
  if (!isAsked || error !== null || answer === null) return null;
  const { links, index } = answer;
  // A report holds some rollouts: that none of them is linked says nothing of the run.
  if (links.length === 0 && !live) return null;
  const title = task === "alignment" ? "Made from these failed rollouts" : "Questions made from this program";
  return (
    <section class="stack">
      <div class="row">
        <h3>{title}</h3>
        <span class="faint">{links.length.toLocaleString("en")}</span>
        {index.steps < index.of && <IndexNote index={index} />}
      </div>
      {links.length === 0 && (
        <p class="faint">
          {task === "alignment"
            ? "None is in the records: the program may be one that the pool began with."
            : "None was drawn from the pool; not every failed program becomes a question."}
        </p>
      )}
      <ul class="made-from">
        {links.slice(0, showAll ? links.length : SHOWN).map((link) => (
          <li key={`${link.step} ${link.group} ${link.sample}`}>
            <a href={linkToRollout(run, link)}>
              step {link.step} · group {link.group} · sample {link.sample}
            </a>
            <VerdictMark rollout={link} />
            <span class="faint">reward {rewardText(link.reward)}</span>
          </li>
        ))}
      </ul>
      {links.length > SHOWN && (
        <button type="button" class="plain faint" onClick={() => setShowAll(!showAll)}>
          {showAll ? "fewer" : `all ${links.length}`}
        </button>
      )}
    </section>
  );
}
