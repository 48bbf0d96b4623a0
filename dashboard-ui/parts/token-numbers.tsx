// The exact numbers of one token, in a line that stays in its place.

import type { JSX } from "preact";
import type { TokenColumns } from "../../src/dashboard/api/rollouts.js";
import { numberText } from "./format.js";
import type { TokenSpan } from "./token-columns.js";
import { VisibleText } from "./visible-text.js";

interface TokenNumbersProps {
  readonly text: string;
  readonly spans: readonly TokenSpan[];
  readonly detail: TokenColumns;
  readonly token: number | null;
}

export function TokenNumbers({ text, spans, detail, token }: TokenNumbersProps): JSX.Element {
  const span = token === null ? undefined : spans[token];
  if (token === null || span === undefined) {
    return <p class="token-numbers faint">Point at a token, or press Tab and the arrow keys, for its numbers.</p>;
  }
  const logprob = detail.logprobs[token];
  const ratio = detail.ratios?.[token];
  const advantage = detail.advantages?.[token];
  const said = text.slice(span.start, span.end);
  return (
    <dl class="facts token-numbers" aria-live="polite">
      <Fact name={`token ${token + 1} of ${spans.length}`}>
        <code>
          {said === "" ? <span class="faint">part of a character</span> : <VisibleText text={quoted(said)} />}
        </code>
      </Fact>
      <Fact name="logprob">{numberText(logprob)}</Fact>
      <Fact name="probability">{logprob === undefined ? "–" : numberText(Math.exp(logprob))}</Fact>
      <Fact name="surprise">{logprob === undefined ? "–" : `${numberText(-logprob / Math.LN2)} bits`}</Fact>
      <Fact name="ratio">{numberText(ratio)}</Fact>
      <Fact name="advantage">{numberText(advantage)}</Fact>
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: JSX.Element | string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Line feeds and spaces as signs. */
function quoted(text: string): string {
  return text.slice(0, 80).replaceAll("\n", "⏎").replaceAll("\t", "⇥").replaceAll(" ", "␣");
}
