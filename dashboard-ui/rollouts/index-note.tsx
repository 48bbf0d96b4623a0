// What the index beside the records has to say: how far it has come, what it left out, why it is not kept. Nothing where
// all is well.

import type { JSX } from "preact";
import type { IndexProgress } from "../../src/dashboard/api/rollouts.js";

export function IndexNote({ index }: { readonly index: IndexProgress | null }): JSX.Element | null {
  if (index === null) return null;
  const { steps, of, skipped, note } = index;
  return (
    <>
      {steps < of && (
        <span class="index-note faint" role="status" title="Rollouts of the other steps appear as they are read">
          indexed {steps.toLocaleString("en")} of {of.toLocaleString("en")} steps
          <span class="bar">
            <span style={{ width: `${(steps / of) * 100}%` }} />
          </span>
        </span>
      )}
      {skipped > 0 && (
        <span class="chip warn" title="Lines of the run's files that are no rollouts; their steps' groups say which">
          {skipped.toLocaleString("en")} {skipped === 1 ? "line" : "lines"} left out
        </span>
      )}
      {note !== null && (
        <span class="chip warn" title={note}>
          index not kept
        </span>
      )}
    </>
  );
}
