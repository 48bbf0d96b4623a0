// What a traced run was given, how it ended, and how far the recording can be trusted.

import type { ComponentChildren, JSX } from "preact";
import type { TraceDetail } from "../../src/dashboard/api/rollouts.js";
import { Empty } from "../parts/state.js";
import { VisibleText } from "../parts/visible-text.js";
import { endingOf } from "./ending.js";

export function Summary({ trace }: { readonly trace: TraceDetail }): JSX.Element {
  const { text, look } = endingOf(trace);
  const { input, inputKind, expected, moments, cut, agrees, returned } = trace;
  return (
    <div class="trace-summary">
      <dl class="facts">
        <Fact name={inputKind === "call" ? "Call" : "Standard input"}>
          <code>{input === "" ? <span class="faint">empty</span> : <VisibleText text={input} />}</code>
        </Fact>
        <Fact name="End">
          <span class={look}>
            {{ good: "✓", bad: "✗", warn: "!" }[look]} <VisibleText text={text} />
          </span>
        </Fact>
        {returned !== null && (
          <Fact name="Result">
            <code>
              <VisibleText text={returned} />
            </code>
          </Fact>
        )}
        {expected !== null && inputKind === "call" && (
          <Fact name="Expected by the test">
            <code>
              <VisibleText text={expected} />
            </code>{" "}
            {returned !== null && expected !== returned && (
              <span class="warn" title="As texts; the judge's word is the test's own outcome">
                ≠ result
              </span>
            )}
          </Fact>
        )}
      </dl>
      {cut && (
        <p class="chip warn" title="A recording has a limited number of lines, changes and characters">
          ! recorded: only the beginning, {moments?.length.toLocaleString("en")} moments
        </p>
      )}
      {!agrees && (
        <p class="chip warn" title="It depends on time, chance or the depth of the stack, or watches how it is run">
          ! recorded, the program went another way than alone
        </p>
      )}
      {moments === null && trace.status !== "unparsable" && (
        <Empty title="Its lines could not be recorded">
          <p>Below is what its variables held in the end, as far as it came there.</p>
        </Empty>
      )}
    </div>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
