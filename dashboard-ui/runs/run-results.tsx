// What the run has reached on held-out problems: every measure before and after training.

import type { JSX } from "preact";
import type { RunDetail } from "../../src/dashboard/api/runs.js";
import { percentText } from "../parts/format.js";
import { linkTo } from "../route.js";
import { useAnswer } from "../use-answer.js";

export function RunResults({ detail }: { readonly detail: RunDetail }): JSX.Element | null {
  const measures = useAnswer("catalogue", {}).answer?.measures ?? {};
  const headline = Object.entries(detail.summary.headline);
  if (headline.length === 0) return null;
  return (
    <section class="stack" aria-label="Results">
      <div class="row">
        <h2 title="The family evaluation at its first and last step so far">Held-out problems, before and after</h2>
        <a href={linkTo("evaluations", { run: detail.summary.run, benchmark: "family" })}>problem by problem</a>
      </div>
      <ul class="results">
        {headline.map(([name, { before, after }]) => (
          <li key={name} class="result" title={`${name}: ${measures[name] ?? ""}`}>
            <span class="result-name">{name.replaceAll("_", " ")}</span>
            <span class="result-value">{percentText((after ?? before).value)}</span>
            <span class="faint nowrap">
              ± {percentText((after ?? before).standardError)}
              {after ? (
                <>
                  {" "}
                  from {percentText(before.value)} <Change by={after.value - before.value} />
                </>
              ) : (
                " before training"
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
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
