// One of two values that differ, as text, where it parts from the other marked; of a long one what is around that.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { FoldedText } from "../parts/folded-text.js";
import { VisibleText } from "../parts/visible-text.js";
import { around, differenceOf } from "./value-difference.js";

interface DifferingValueProps {
  readonly label: string;
  readonly text: string;
  /** Null where there is none to compare with. */
  readonly other: string | null;
  /** Whether this is the one that was wanted. */
  readonly isTrue?: boolean;
}

/** Beyond this finding where they differ would hold up the page. */
const COMPARED = 100_000;

export function DifferingValue({ label, text, other, isTrue = false }: DifferingValueProps): JSX.Element {
  const [showAll, setShowAll] = useState(false);
  if (other === null || text.length + other.length > COMPARED) {
    return <FoldedText text={text} label={label} lines={6} />;
  }
  const whole = differenceOf(text, other);
  const { before, changed, after } = showAll ? whole : around(whole);
  const isCut = before.length + changed.length + after.length < text.length;
  return (
    <span class="wrapped mono">
      <VisibleText text={before} />
      {changed !== "" && (
        <mark class={isTrue ? "differs differs-true" : "differs"}>
          <VisibleText text={changed} />
        </mark>
      )}
      <VisibleText text={after} />
      {isCut && (
        <button type="button" class="plain folded-more" onClick={() => setShowAll(true)}>
          Show all ({text.length.toLocaleString("en")} characters)
        </button>
      )}
    </span>
  );
}
