// What the run has reached on held-out problems, before and after training: the measures that matter first, the others
// folded.

import type { JSX } from "preact";
import type { RunDetail } from "../../src/dashboard/api/runs.js";
import { percentText } from "../parts/format.js";
import { linkTo } from "../route.js";
import { useAnswer } from "../use-answer.js";

/** Of the family evaluation: the five that say what a run has learned. */
export const firstMeasures = ["code_pass_at_1", "variables_right", "all_right", "output_right", "self_check_at_8"];

type Headline = RunDetail["summary"]["headline"];

export function RunResults({ detail }: { readonly detail: RunDetail }): JSX.Element | null {
  const { run, headline } = detail.summary;
  const names = Object.keys(headline);
  if (names.length === 0) return null;
  const others = names.filter((name) => !firstMeasures.includes(name));
  return (
    <section class="stack" aria-label="Results">
      <div class="row">
        <h2 title="The family evaluation at its first and last step so far">Held-out problems, before and after</h2>
        <a href={linkTo("evaluations", { run, benchmark: "family" })}>all measures</a>
        <a href={linkTo("matrix", { run, benchmark: "family" })}>problem by problem</a>
      </div>
      <Measures names={firstMeasures.filter((name) => names.includes(name))} headline={headline} />
      {others.length === 0 ? null : (
        <details>
          <summary class="faint">
            {others.length} more {others.length === 1 ? "measure" : "measures"}
          </summary>
          <Measures names={others} headline={headline} />
        </details>
      )}
    </section>
  );
}

function Measures({
  names,
  headline,
}: {
  readonly names: readonly string[];
  readonly headline: Headline;
}): JSX.Element {
  const measures = useAnswer("catalogue", {}).answer?.measures ?? {};
  return (
    <ul class="results">
      {names.map((name) => (
        <li key={name} class="result" title={`${name}: ${measures[name] ?? ""}`}>
          <span class="result-name">{name.replaceAll("_", " ")}</span>
          <Result of={headline[name]} />
        </li>
      ))}
    </ul>
  );
}

function Result({ of }: { readonly of: Headline[string] | undefined }): JSX.Element | null {
  if (!of) return null;
  const { before, after } = of;
  const { value, standardError } = after ?? before;
  return (
    <>
      <span class="nowrap">
        <span class="result-value">{percentText(value)}</span>{" "}
        {after ? <Change by={after.value - before.value} /> : null}
      </span>
      <span class="faint">
        ± {percentText(standardError)} {after ? `from ${percentText(before.value)}` : "before training"}
      </span>
    </>
  );
}

/** In points of a hundred. Whether more is better is the reader's to say. */
function Change({ by }: { readonly by: number }): JSX.Element {
  return (
    <span class="result-change">
      {by < 0 ? "−" : "+"}
      {(Math.abs(by) * 100).toFixed(1)}
    </span>
  );
}
