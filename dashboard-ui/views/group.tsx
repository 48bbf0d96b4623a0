// One prompt's rollouts side by side: the prompt once, its samples to choose from, one of them in full or several in
// columns.

import type { JSX } from "preact";
import type { GroupDetail } from "../../src/dashboard/api/rollouts.js";
import { type GroupAddress, readGroup, writeGroup } from "../group/address.js";
import { GroupHeader } from "../group/header.js";
import { Sample } from "../group/sample.js";
import { SampleStrip } from "../group/sample-strip.js";
import { FoldedText } from "../parts/folded-text.js";
import { Empty, Failure, Loading } from "../parts/state.js";
import { linkTo } from "../route.js";
import { useAnswer } from "../use-answer.js";

export function GroupView({ parameters }: { readonly parameters: URLSearchParams }): JSX.Element {
  const address = readGroup(parameters);
  const { run, step, group } = address;
  const asked = useAnswer("group", run === "" ? null : { run, step, group });
  const steps = useAnswer("run", run === "" ? null : { run }).answer?.rollouts ?? null;
  if (run === "") {
    return (
      <div class="page">
        <Empty title="No run is chosen">
          <p>
            Choose one in the list of <a href={linkTo("runs")}>runs</a>.
          </p>
        </Empty>
      </div>
    );
  }
  return (
    <div class="page group">
      {asked.error !== null && (
        <Failure title={`Cannot show group ${group} of step ${step}`} message={asked.error}>
          <p>
            <a href={linkTo("group", { run, step })}>The step's first group</a> ·{" "}
            <a href={linkTo("rollouts", { run })}>All rollouts of the run</a>
          </p>
        </Failure>
      )}
      {asked.answer === null && asked.error === null && <Loading what="the group" />}
      {asked.answer !== null && <Group address={address} detail={asked.answer} steps={steps} />}
    </div>
  );
}

interface GroupProps {
  readonly address: GroupAddress;
  readonly detail: GroupDetail;
  readonly steps: { readonly first: number; readonly last: number } | null;
}

function Group({ address, detail, steps }: GroupProps): JSX.Element {
  const { rollouts, skipped } = detail;
  const [first] = rollouts;
  const isCode = first?.task === "code";
  const problem = useAnswer("problem", first && isCode ? { run: detail.run, problem: first.problem } : null);
  const { compared, sample } = address;
  const wanted = compared.length > 0 ? compared : [sample];
  const shown = rollouts.filter((rollout) => wanted.includes(rollout.sample));
  return (
    <>
      <GroupHeader address={address} detail={detail} steps={steps} />
      {skipped.length > 0 && (
        <details class="notice">
          <summary>Left out of this step: what is no rollout ({skipped.length})</summary>
          <ul>
            {skipped.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </details>
      )}
      {first && (
        <section class="panel prompt">
          <FoldedText text={first.prompt} label="Prompt" lines={12} />
        </section>
      )}
      <SampleStrip address={address} rollouts={rollouts} />
      {shown.length === 0 && (
        <Empty title={`The group has no sample ${sample}`}>
          <p>
            Choose one above, or go to{" "}
            <a href={linkTo("group", writeGroup({ ...address, sample: first?.sample ?? 0 }))}>its first</a>.
          </p>
        </Empty>
      )}
      <div class={`columns${shown.length > 1 ? " columns-several" : ""}`}>
        {shown.map((rollout) => (
          <Sample
            key={`${rollout.step} ${rollout.group} ${rollout.sample}`}
            address={address}
            rollout={rollout}
            problem={problem.answer}
          />
        ))}
      </div>
    </>
  );
}
