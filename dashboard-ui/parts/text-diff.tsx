// Expected against got, line by line in two columns (below one another on a phone), what differs inside a line marked. What
// nobody sees is made visible: spaces at the end of a line, a missing line feed at the end of the text.

import type { ComponentChildren, JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { type DiffRow, type DiffSide, folded, lineDiff } from "./line-diff.js";
import { visibleNodes } from "./visible-text.js";

export interface TextDiffProps {
  readonly expected: string;
  readonly got: string;
  /** What the two columns are called. */
  readonly names?: readonly [expected: string, got: string];
}

/** Of texts that are too long to compare. */
const SHOWN_CHARACTERS = 20_000;

export function TextDiff({ expected, got, names = ["expected", "got"] }: TextDiffProps): JSX.Element {
  const rows = useMemo(() => lineDiff(expected, got), [expected, got]);
  const [showAll, setShowAll] = useState(false);
  const parts = useMemo(() => (rows === null ? null : folded(rows, showAll)), [rows, showAll]);
  if (parts === null) return <BothTexts expected={expected} got={got} names={names} />;
  return (
    <div class="diff" role="table" aria-label={`${names[0]} against ${names[1]}`}>
      <div class="diff-row diff-head" role="row">
        <span role="columnheader">− {names[0]}</span>
        <span role="columnheader">+ {names[1]}</span>
      </div>
      {expected === got && <p class="diff-fold">Both texts are the same.</p>}
      {parts.map((part, i) =>
        "hidden" in part ? (
          <button key={i} type="button" class="diff-fold" onClick={() => setShowAll(true)}>
            {part.hidden.toLocaleString("en")} {part.equal ? "equal" : "more"} {part.hidden === 1 ? "line" : "lines"}
          </button>
        ) : (
          <Row key={i} row={part} />
        ),
      )}
    </div>
  );
}

function Row({ row }: { readonly row: DiffRow }): JSX.Element {
  return (
    <div class={`diff-row${row.equal ? "" : " diff-changed"}`} role="row">
      <Side side={row.expected} look={row.equal ? "equal" : "expected"} />
      <Side side={row.got} look={row.equal ? "equal" : "got"} />
    </div>
  );
}

function Side({ side, look }: { readonly side: DiffSide | null; readonly look: string }): JSX.Element {
  if (side === null) return <span class="diff-side diff-none" role="cell" />;
  const sign = look === "expected" ? "−" : look === "got" ? "+" : " ";
  const last = side.words.length - 1;
  return (
    <span class={`diff-side diff-${look}`} role="cell" data-line={side.number} data-sign={sign}>
      <span class="diff-text">
        {side.words.map(({ text, changed }, i) => {
          const nodes = withTrailing(text, i === last && look !== "equal");
          return changed ? <mark class="diff-word">{nodes}</mark> : nodes;
        })}
        {side.isUnended && look !== "equal" && (
          <span class="unseen" title="the text ends here, without a line feed">
            no line feed
          </span>
        )}
      </span>
    </span>
  );
}

/** Spaces and tabs at the end of a changed line, as signs. */
function withTrailing(text: string, isLast: boolean): ComponentChildren {
  const trailing = isLast ? (/[ \t]+$/.exec(text)?.[0] ?? "") : "";
  if (trailing === "") return visibleNodes(text);
  const signs = trailing.replaceAll(" ", "·").replaceAll("\t", "→");
  return (
    <>
      {visibleNodes(text.slice(0, text.length - trailing.length))}
      <span class="unseen" title="white space at the end of the line">
        {signs}
      </span>
    </>
  );
}

/** Too long to compare: as they are. */
function BothTexts({ expected, got, names }: Required<TextDiffProps>): JSX.Element {
  return (
    <div class="diff">
      <p class="diff-fold">Too long to compare line by line; both are shown from the beginning.</p>
      <div class="diff-both">
        <LongText name={names[0]} text={expected} />
        <LongText name={names[1]} text={got} />
      </div>
    </div>
  );
}

function LongText({ name, text }: { readonly name: string; readonly text: string }): JSX.Element {
  const [showAll, setShowAll] = useState(false);
  const isCut = !showAll && text.length > SHOWN_CHARACTERS;
  return (
    <section>
      <h4>{name}</h4>
      <pre>{visibleNodes(isCut ? text.slice(0, SHOWN_CHARACTERS) : text)}</pre>
      {isCut && (
        <button type="button" onClick={() => setShowAll(true)}>
          Show all ({text.length.toLocaleString("en")} characters)
        </button>
      )}
    </section>
  );
}
