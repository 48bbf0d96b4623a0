// How far the index beside the records has come; nothing once it is complete.

import type { JSX } from "preact";
import type { IndexProgress } from "../../src/dashboard/api/rollouts.js";

export function IndexNote({ index }: { readonly index: IndexProgress | null }): JSX.Element | null {
  if (index === null || index.steps >= index.of) return null;
  return (
    <span class="index-note faint" role="status" title="Rollouts of the other steps appear as they are read">
      indexed {index.steps.toLocaleString("en")} of {index.of.toLocaleString("en")} steps
      <span class="bar">
        <span style={{ width: `${(index.steps / index.of) * 100}%` }} />
      </span>
    </span>
  );
}
