// One of two values that differ, as text, where it parts from the other marked; a long one from its beginning.

import type { JSX } from "preact";
import { FoldedText } from "../parts/folded-text.js";
import { VisibleText } from "../parts/visible-text.js";
import { differenceOf } from "./value-difference.js";

interface DifferingValueProps {
  readonly label: string;
  readonly text: string;
  /** Null where there is none to compare with. */
  readonly other: string | null;
  /** Whether this is the one that was wanted. */
  readonly isTrue?: boolean;
}

/** Beyond this, where they differ would be out of sight. */
const SHORT = 400;

export function DifferingValue({ label, text, other, isTrue = false }: DifferingValueProps): JSX.Element {
  if (other === null || text.length > SHORT || other.length > SHORT) {
    return <FoldedText text={text} label={label} lines={6} />;
  }
  const { before, changed, after } = differenceOf(text, other);
  return (
    <span class="wrapped mono">
      <VisibleText text={before} />
      {changed !== "" && (
        <mark class={isTrue ? "differs differs-true" : "differs"}>
          <VisibleText text={changed} />
        </mark>
      )}
      <VisibleText text={after} />
    </span>
  );
}
