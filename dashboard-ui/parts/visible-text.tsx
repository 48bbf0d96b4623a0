// Text of a model or its program as nodes: what cannot be seen is shown as a mark.

import type { ComponentChildren, JSX } from "preact";
import { visible } from "./visible.js";

/** @returns  text nodes, and a small box for each unseen character */
export function visibleNodes(text: string): ComponentChildren {
  const pieces = visible(text);
  if (pieces.every(({ name }) => name === null)) return text;
  return pieces.map(({ text: shown, name }, i) =>
    name === null ? (
      shown
    ) : (
      <span key={i} class="unseen" title={name}>
        {shown}
      </span>
    ),
  );
}

export function VisibleText({ text }: { readonly text: string }): JSX.Element {
  return <>{visibleNodes(text)}</>;
}
