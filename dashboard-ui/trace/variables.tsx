// The variables of the open calls at one moment, what has just changed marked, with the value before.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { AskedValue } from "../../src/dashboard/api/rollouts.js";
import { VisibleText } from "../parts/visible-text.js";
import type { CourseState, OpenCall, ShownVariable } from "./course.js";

/** Of a deep recursion, until the reader asks for all. */
const SHOWN_CALLS = 8;

interface VariablesProps {
  readonly state: CourseState;
  readonly asked: ReadonlyMap<string, AskedValue>;
  /** To the next or previous change of a variable. */
  readonly onSeek: (key: string, direction: 1 | -1) => void;
}

export function Variables({ state, asked, onSeek }: VariablesProps): JSX.Element {
  const [showAll, setShowAll] = useState(false);
  const calls = state.calls.filter(({ scope, variables }, i) => i === 0 || scope !== "" || variables.length > 0);
  const isFolded = !showAll && calls.length > SHOWN_CALLS + 1;
  const shown = isFolded ? [...calls.slice(0, SHOWN_CALLS), ...calls.slice(-1)] : calls;
  return (
    <div class="trace-calls">
      {shown.map((call, i) => (
        <>
          {isFolded && i === SHOWN_CALLS && (
            <button type="button" class="plain faint trace-fold" onClick={() => setShowAll(true)}>
              {(calls.length - SHOWN_CALLS - 1).toLocaleString("en")} more calls
            </button>
          )}
          <Call key={call.activation} call={call} isNewest={i === 0} asked={asked} onSeek={onSeek} />
        </>
      ))}
    </div>
  );
}

interface CallProps extends Omit<VariablesProps, "state"> {
  readonly call: OpenCall;
  readonly isNewest: boolean;
}

function Call({ call, isNewest, asked, onSeek }: CallProps): JSX.Element {
  const { scope, line, variables } = call;
  return (
    <section class={`trace-call${isNewest ? " trace-newest" : ""}`}>
      <h3>
        <span class="mono">{scope === "" ? "module" : <VisibleText text={scope} />}</span>
        {line > 0 && <span class="faint">line {line}</span>}
      </h3>
      {variables.length === 0 ? (
        <p class="faint">no variables yet</p>
      ) : (
        <dl>
          {variables.map((variable) => (
            <Row key={variable.key} variable={variable} asked={asked.get(variable.key)} onSeek={onSeek} />
          ))}
        </dl>
      )}
    </section>
  );
}

interface RowProps {
  readonly variable: ShownVariable;
  readonly asked: AskedValue | undefined;
  readonly onSeek: VariablesProps["onSeek"];
}

function Row({ variable, asked, onSeek }: RowProps): JSX.Element {
  const { key, name, text, isChanged, before } = variable;
  return (
    <div class={`trace-variable${isChanged ? " trace-changed" : ""}`}>
      <dt class="mono">
        {isChanged && <span title={before === null ? "new" : "changed"}>{before === null ? "+" : "●"}</span>}
        <VisibleText text={name.endsWith("()") ? "gives back" : name} />
        {asked && (
          <span class={`chip ${asked.right ? "good" : "bad"}`} title="asked in this alignment rollout">
            {asked.right ? "✓" : "✗"} asked
          </span>
        )}
      </dt>
      <dd class="mono">
        {isChanged && before !== null && (
          <del>
            <VisibleText text={before} />
          </del>
        )}
        {text === null ? <span class="faint">no value any more</span> : <VisibleText text={text} />}
      </dd>
      <span class="trace-seek">
        <button
          type="button"
          onClick={() => onSeek(key, -1)}
          title="to its change before"
          aria-label={`change of ${name} before`}
        >
          ‹
        </button>
        <button
          type="button"
          onClick={() => onSeek(key, 1)}
          title="to its next change"
          aria-label={`next change of ${name}`}
        >
          ›
        </button>
      </span>
    </div>
  );
}
