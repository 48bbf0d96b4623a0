// A completion token by token, coloured by one of its numbers: the whole at a glance above, the text with every token's
// numbers below. Only what is in sight is cut into tokens; the rest is the same text in larger pieces.

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { TokenColumns } from "../../src/dashboard/api/rollouts.js";
import { type HeatScale, heatStep } from "./heat.js";
import { HeatLegend, HeatOverview } from "./heat-overview.js";
import {
  chunksOf,
  type HeatColumn,
  heatColumns,
  heatSays,
  scaleOf,
  type TokenChunk,
  type TokenSpan,
  tokenSpans,
  valuesOf,
} from "./token-columns.js";
import { TokenNumbers } from "./token-numbers.js";
import { visibleNodes } from "./visible-text.js";

interface TokenStripProps {
  readonly text: string;
  readonly detail: TokenColumns;
  readonly column: HeatColumn;
  readonly onColumn: (column: HeatColumn) => void;
}

export function TokenStrip({ text, detail, column, onColumn }: TokenStripProps): JSX.Element {
  const values = useMemo(() => valuesOf(column, detail), [column, detail]);
  const scale = useMemo(() => scaleOf(column, values ?? []), [column, values]);
  const spans = useMemo(() => tokenSpans(detail.ends, text.length), [detail, text]);
  const [cursor, setCursor] = useState<number | null>(null);
  return (
    <div class="tokens">
      <div class="row">
        <span class="segmented" role="group" aria-label="What colours the tokens">
          {heatColumns.map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={name === column}
              title={heatSays[name]}
              onClick={() => onColumn(name)}
            >
              {name}
            </button>
          ))}
        </span>
        {values !== null && <HeatLegend scale={scale} values={values} />}
      </div>
      {values === null ? (
        <p class="faint">
          {column === "ratio"
            ? "No ratios: the step made no update with this rollout."
            : "No advantages: the step did not learn from this rollout."}
        </p>
      ) : (
        <HeatOverview scale={scale} values={values} cursor={cursor} onToken={setCursor} />
      )}
      <TokenText text={text} spans={spans} values={values} scale={scale} cursor={cursor} onCursor={setCursor} />
      <TokenNumbers text={text} spans={spans} detail={detail} token={cursor} />
    </div>
  );
}

interface TokenTextProps {
  readonly text: string;
  readonly spans: readonly TokenSpan[];
  readonly values: readonly number[] | null;
  readonly scale: HeatScale;
  readonly cursor: number | null;
  readonly onCursor: (token: number) => void;
}

function TokenText({ text, spans, values, scale, cursor, onCursor }: TokenTextProps): JSX.Element {
  const frame = useRef<HTMLPreElement>(null);
  const chunks = useMemo(() => chunksOf(spans.length), [spans.length]);
  const inSight = useInSight(frame, chunks.length);
  useEffect(() => {
    if (cursor === null || !frame.current) return;
    keepInSight(frame.current, cursor, chunks);
  }, [cursor]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const to = tokenByKey(event.key, cursor, spans.length);
    if (to === null) return;
    event.preventDefault();
    onCursor(to);
  };
  return (
    <pre
      ref={frame}
      class="wrapped token-text"
      tabIndex={0}
      aria-label="Completion by token; arrow keys go from token to token"
      onKeyDown={onKeyDown}
      onPointerOver={({ target }) => {
        const token = target instanceof Element ? target.closest("[data-token]")?.getAttribute("data-token") : null;
        if (token !== null && token !== undefined) onCursor(Number(token));
      }}
    >
      {chunks.map((chunk, index) => (
        <Chunk
          key={index}
          number={index}
          chunk={chunk}
          text={text}
          spans={spans}
          values={values}
          scale={scale}
          isInSight={inSight.has(index)}
          cursor={cursor !== null && cursor >= chunk.first && cursor < chunk.end ? cursor : null}
        />
      ))}
    </pre>
  );
}

interface ChunkProps extends Omit<TokenTextProps, "onCursor"> {
  readonly number: number;
  readonly chunk: TokenChunk;
  readonly isInSight: boolean;
}

function Chunk({ number, chunk, text, spans, values, scale, isInSight, cursor }: ChunkProps): JSX.Element {
  const own = spans.slice(chunk.first, chunk.end);
  const nodes = useMemo(() => {
    if (!isInSight) return visibleNodes(text.slice(own[0]?.start ?? 0, own.at(-1)?.end ?? 0));
    return own.map(({ start, end }, index) => {
      const token = chunk.first + index;
      const step = heatStep(scale, values?.[token] ?? Number.NaN);
      const looks = ["token", step !== 0 && `heat-${step}`, token === cursor && "token-current"];
      return (
        <span key={token} data-token={token} class={looks.filter(Boolean).join(" ")}>
          {visibleNodes(text.slice(start, end))}
        </span>
      );
    });
  }, [text, spans, values, scale, isInSight, cursor]);
  return <span data-chunk={number}>{nodes}</span>;
}

/** Which chunks can be seen, or nearly. */
function useInSight(frame: { readonly current: HTMLElement | null }, chunks: number): ReadonlySet<number> {
  const [inSight, setInSight] = useState<ReadonlySet<number>>(new Set([0]));
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) =>
        setInSight((before) => {
          const next = new Set(before);
          for (const { target, isIntersecting } of entries) {
            const chunk = Number(target.getAttribute("data-chunk"));
            if (isIntersecting) next.add(chunk);
            else next.delete(chunk);
          }
          return next;
        }),
      { rootMargin: "200px" },
    );
    for (const element of frame.current?.querySelectorAll("[data-chunk]") ?? []) observer.observe(element);
    return () => observer.disconnect();
  }, [chunks]);
  return inSight;
}

function tokenByKey(key: string, cursor: number | null, tokens: number): number | null {
  const from = cursor ?? -1;
  const moves: Readonly<Record<string, number>> = {
    ArrowRight: from + 1,
    ArrowLeft: from - 1,
    ArrowDown: from + 10,
    ArrowUp: from - 10,
    Home: 0,
    End: tokens - 1,
  };
  const to = Object.hasOwn(moves, key) ? moves[key] : undefined;
  return to === undefined ? null : Math.min(tokens - 1, Math.max(0, to));
}

/** Scrolls the text alone, never the page. */
function keepInSight(frame: HTMLElement, token: number, chunks: readonly TokenChunk[]): void {
  const chunk = chunks.findIndex(({ first, end }) => token >= first && token < end);
  const element = frame.querySelector(`[data-token="${token}"]`) ?? frame.querySelector(`[data-chunk="${chunk}"]`);
  if (!element) return;
  const [outer, inner] = [frame.getBoundingClientRect(), element.getBoundingClientRect()];
  if (inner.top < outer.top) frame.scrollTop -= outer.top - inner.top + 20;
  else if (inner.bottom > outer.bottom)
    frame.scrollTop += Math.min(inner.bottom - outer.bottom, inner.top - outer.top) + 20;
}
