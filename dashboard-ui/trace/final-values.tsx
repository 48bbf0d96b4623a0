// What variables held at the end, where nothing was recorded on the way.

import type { JSX } from "preact";
import type { TraceDetail } from "../../src/dashboard/api/rollouts.js";
import { VisibleText } from "../parts/visible-text.js";

export function FinalValues({ variables }: Pick<TraceDetail, "variables">): JSX.Element {
  if (variables.length === 0) return <p class="faint trace-nothing">No variable has a value.</p>;
  return (
    <dl class="trace-final">
      {variables.map(({ name, type, text, note }) => (
        <div key={name} class="trace-variable">
          <dt class="mono">
            <VisibleText text={name} /> <span class="faint">{type}</span>
          </dt>
          <dd class="mono">
            <VisibleText text={text} /> {note !== "" && <span class="faint">({note})</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
