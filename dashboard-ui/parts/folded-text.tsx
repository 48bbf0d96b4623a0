// A text of a model or of data, wrapped, its unseen characters visible; a long one shows its beginning until asked for all.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { VisibleText } from "./visible-text.js";

interface FoldedTextProps {
  readonly text: string;
  readonly label: string;
  /** Lines that are shown of a longer text. */
  readonly lines?: number;
}

const SHOWN_CHARACTERS = 20_000;

export function FoldedText({ text, label, lines = 60 }: FoldedTextProps): JSX.Element {
  const [showAll, setShowAll] = useState(false);
  const beginning = beginningOf(text, lines);
  const isCut = beginning.length < text.length;
  return (
    <div class="folded">
      <pre class="wrapped" aria-label={label}>
        {text === "" ? <span class="faint">empty</span> : <VisibleText text={showAll ? text : beginning} />}
      </pre>
      {isCut && (
        <button type="button" class="plain folded-more" onClick={() => setShowAll(!showAll)}>
          {showAll ? "Show less" : `Show all (${text.length.toLocaleString("en")} characters)`}
        </button>
      )}
    </div>
  );
}

function beginningOf(text: string, lines: number): string {
  let end = -1;
  for (let line = 0; line < lines; line++) {
    end = text.indexOf("\n", end + 1);
    if (end === -1) return text.slice(0, SHOWN_CHARACTERS);
  }
  return text.slice(0, Math.min(end, SHOWN_CHARACTERS));
}
