// One rollout in full: what was written, what was said of it and why, token by token where the run kept that.

import type { ComponentChildren, JSX } from "preact";
import { useContext } from "preact/hooks";
import type { ProblemDetail, RolloutDetail } from "../../src/dashboard/api/rollouts.js";
import { CopyButton } from "../parts/copy-button.js";
import { spaced } from "../parts/format.js";
import { heatColumns } from "../parts/token-columns.js";
import { TokenStrip } from "../parts/token-strip.js";
import { rewardText, signedText, VerdictMark } from "../rollouts/row-words.js";
import { goTo, linkTo } from "../route.js";
import { SourceContext } from "../use-answer.js";
import { type GroupAddress, writeGroup } from "./address.js";
import { AskedProgram, AskedValues } from "./alignment-detail.js";
import { CompletionText } from "./completion-text.js";
import { MadeFrom } from "./made-from.js";
import { Tests } from "./tests.js";

interface SampleProps {
  readonly address: GroupAddress;
  readonly rollout: RolloutDetail;
  /** Null where it is not known yet, or not at all. */
  readonly problem: ProblemDetail | null;
}

export function Sample({ address, rollout, problem }: SampleProps): JSX.Element {
  const { alignment } = rollout;
  return (
    <article class="panel" aria-label={`Sample ${rollout.sample}`}>
      <SampleHead run={address.run} rollout={rollout} />
      <div class="sample-parts">
        <div class="stack">
          <Completion address={address} rollout={rollout} />
          {alignment !== null && <AskedProgram rollout={rollout} alignment={alignment} />}
        </div>
        <div class="stack">
          <RewardFacts rollout={rollout} />
          {rollout.message !== null && <p class="warn">{rollout.message}</p>}
          {alignment === null ? (
            <Tests tests={rollout.tests} problem={problem} />
          ) : (
            <AskedValues alignment={alignment} />
          )}
          <MadeFrom run={address.run} rollout={rollout} />
        </div>
      </div>
    </article>
  );
}

function SampleHead({ run, rollout }: { readonly run: string; readonly rollout: RolloutDetail }): JSX.Element {
  const { live } = useContext(SourceContext);
  const { step, group, sample, program, completion } = rollout;
  return (
    <div class="panel-head">
      <h2>Sample {sample}</h2>
      <VerdictMark rollout={rollout} />
      <span class="row push">
        {live && program !== null && (
          <a
            class="button-link"
            href={linkTo("trace", { run, step, group, sample })}
            title="Run it again and step through it, line by line"
          >
            Trace this program
          </a>
        )}
        <CopyButton label="Copy completion" text={() => completion} title="The completion as it was written" />
        {program !== null && <CopyButton label="Copy program" text={() => program} title="The program as it was run" />}
        <CopyButton label="Copy link" text={() => location.href} title="A link to what you see" />
      </span>
    </div>
  );
}

function Completion({ address, rollout }: Pick<SampleProps, "address" | "rollout">): JSX.Element {
  const { column } = address;
  const { tokenDetail, completion } = rollout;
  const show = (next: GroupAddress["column"]): void =>
    goTo("group", writeGroup({ ...address, column: next }), "replace");
  return (
    <section class="stack">
      <div class="row">
        <h3>Completion</h3>
        <span class="segmented push" role="group" aria-label="How the completion is shown">
          <button type="button" aria-pressed={column === null} onClick={() => show(null)}>
            text
          </button>
          <button
            type="button"
            aria-pressed={column !== null}
            title="Every token with its advantage, ratio and logprob"
            onClick={() => show(column ?? heatColumns[0])}
          >
            tokens
          </button>
        </span>
      </div>
      {column === null ? (
        <CompletionText rollout={rollout} />
      ) : tokenDetail === null ? (
        <NoTokens rollout={rollout} />
      ) : (
        <TokenStrip text={completion} detail={tokenDetail} column={column} onColumn={show} />
      )}
    </section>
  );
}

function NoTokens({ rollout }: { readonly rollout: RolloutDetail }): JSX.Element {
  return (
    <>
      <div class="notice">
        <p>
          The run kept no tokens of this rollout. A run keeps them while <code>rollouts.recordTokens</code> is{" "}
          <code>true</code>, as it is by default; runs made before there was this setting have none.
        </p>
      </div>
      <CompletionText rollout={rollout} />
    </>
  );
}

function RewardFacts({ rollout }: { readonly rollout: RolloutDetail }): JSX.Element {
  const { reward, advantage, tokens, stopReason, rewardParts } = rollout;
  const facts: ReadonlyArray<readonly [name: string, value: ComponentChildren, says: string]> = [
    ["reward", rewardText(reward), "One number a rollout, made of the parts beside it"],
    ...Object.entries(rewardParts).map(
      ([name, value]) => [spaced(name), rewardText(value), "A part of the reward"] as const,
    ),
    ["advantage", signedText(advantage), "How much better than its group"],
    ["tokens", tokens, "Length of the completion"],
    [
      "ended by",
      stopReason === "stop" ? "itself" : <span class="warn">the limit</span>,
      "Whether the completion ended by itself or was cut off",
    ],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value, says]) => (
        <div key={name} title={says}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
