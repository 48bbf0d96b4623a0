// A program as the reader sees it: highlighted, its lines numbered, ranges and lines marked. Each piece is a text node; the
// text chooses no class, style or link.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { cutAt, type Language, type Line, linesOf } from "./highlight.js";
import { visibleNodes } from "./visible-text.js";

/** A range of the text to be pointed out, in UTF-16 units. */
export interface Mark {
  readonly from: number;
  readonly to: number;
  readonly look: MarkLook;
  /** What the reader is told of it: text. */
  readonly label: string;
}

type MarkLook = "asked" | "right" | "wrong";

export interface CodeProps {
  readonly text: string;
  readonly language: Language | null;
  /** Whether lines are numbered; they are by default. */
  readonly lines?: boolean;
  readonly marks?: readonly Mark[];
  /** Lines with a word of their own, by number from 1: `{ look: "wrong", label: "predicted 3" }`. */
  readonly lineMarks?: ReadonlyMap<number, { readonly look: MarkLook; readonly label: string }>;
  /** The line that is to be kept in sight. */
  readonly current?: number | null;
  /** Null where it is not known; else other lines are dimmed. */
  readonly executed?: ReadonlySet<number> | null;
  /** Shown behind the end of a line. */
  readonly notes?: ReadonlyMap<number, ComponentChildren>;
  readonly onLine?: (line: number) => void;
  /** Whether "show all" is passed over. */
  readonly all?: boolean;
  readonly label?: string;
}

/** What is shown of a longer program until the reader asks for all. */
const SHOWN_LINES = 500;
const SHOWN_CHARACTERS = 30_000;

export function Code(props: CodeProps): JSX.Element {
  const { text, language, marks = [], current = null } = props;
  const [showAll, setShowAll] = useState(props.all === true);
  const shown = useMemo(() => (showAll ? text : beginningOf(text)), [text, showAll]);
  const lines = useMemo(() => linesOf(shown, language), [shown, language]);
  // The same nodes as long as the text is the same: a step of a trace changes what is around them only.
  const contents = useMemo(() => lines.map((line) => <LineText line={line} marks={marks} />), [lines, marks]);
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => keepInSight(frame.current, current), [current, contents]);
  const width = String(lines.length).length;
  return (
    <div class="code" ref={frame} role="group" tabIndex={0} aria-label={props.label ?? "program"}>
      <div class={`code-lines${props.lines === false ? "" : " code-numbered"}`} style={{ "--code-digits": width }}>
        {contents.map((content, i) => (
          <CodeLine key={i} number={i + 1} content={content} props={props} />
        ))}
      </div>
      {shown.length < text.length && (
        <button type="button" class="code-all" onClick={() => setShowAll(true)}>
          Show all ({text.length.toLocaleString("en")} characters)
        </button>
      )}
    </div>
  );
}

interface CodeLineProps {
  readonly number: number;
  readonly content: JSX.Element;
  readonly props: CodeProps;
}

function CodeLine({ number, content, props }: CodeLineProps): JSX.Element {
  const { current = null, executed = null, notes, lineMarks, onLine } = props;
  const mark = lineMarks?.get(number);
  const note = notes?.get(number);
  const looks = [
    "code-line",
    number === current && "code-current",
    executed !== null && (executed.has(number) ? "code-executed" : "code-unexecuted"),
    mark && `code-mark-${mark.look}`,
    onLine && "code-pickable",
  ];
  return (
    <div
      class={looks.filter(Boolean).join(" ")}
      data-line={number}
      aria-current={number === current ? "step" : undefined}
      title={mark?.label}
      onClick={onLine && (() => onLine(number))}
    >
      {content}
      {mark && <span class="code-note">{mark.label}</span>}
      {note !== undefined && <span class="code-note">{note}</span>}
    </div>
  );
}

function LineText({ line, marks }: { readonly line: Line; readonly marks: readonly Mark[] }): JSX.Element {
  const first = line[0];
  const last = line.at(-1);
  const own =
    first && last ? marks.filter(({ from, to }) => from < last.from + last.text.length && to > first.from) : [];
  const pieces = cutAt(
    line,
    own.flatMap(({ from, to }) => [from, to]),
  );
  return (
    <span class="code-text">
      {pieces.map(({ text, from, look }) => {
        const mark = own.find((one) => one.from <= from && from + text.length <= one.to);
        const nodes = visibleNodes(text);
        const piece = look === "" ? nodes : <span class={look}>{nodes}</span>;
        if (!mark) return piece;
        return (
          <mark class={`code-range code-mark-${mark.look}`} title={mark.label}>
            {piece}
          </mark>
        );
      })}
      {"\n"}
    </span>
  );
}

/** Whole lines as far as there is room; a line longer than that is cut. */
function beginningOf(text: string): string {
  let end = -1;
  for (let line = 0; line < SHOWN_LINES; line++) {
    const next = text.indexOf("\n", end + 1);
    if (next === -1)
      return text.length <= SHOWN_CHARACTERS ? text : text.slice(0, Math.max(end, 0) || SHOWN_CHARACTERS);
    if (next > SHOWN_CHARACTERS) return text.slice(0, Math.max(end, 0) || SHOWN_CHARACTERS);
    end = next;
  }
  return text.slice(0, end);
}

/** Scrolls the program alone, never the page. */
function keepInSight(frame: HTMLElement | null, line: number | null): void {
  const row = line === null ? null : frame?.querySelector<HTMLElement>(`[data-line="${line}"]`);
  if (!frame || !row) return;
  const top = row.offsetTop - frame.offsetTop;
  const margin = Math.min(3 * row.offsetHeight, frame.clientHeight / 3);
  if (top < frame.scrollTop + margin) frame.scrollTop = top - margin;
  else if (top + row.offsetHeight > frame.scrollTop + frame.clientHeight - margin)
    frame.scrollTop = top + row.offsetHeight + margin - frame.clientHeight;
}
