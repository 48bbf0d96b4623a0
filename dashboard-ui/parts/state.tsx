// What stands where there is nothing to show yet, nothing at all, or something went wrong. Always says what to do.

import { Component, type ComponentChildren, type JSX } from "preact";
import { messageOf } from "../../src/core/errors.js";
import { linkTo } from "../route.js";
import type { Asked } from "../use-answer.js";

/** Only after a moment: what is quick should not flicker. The style sheet delays it. */
export function Loading({ what }: { readonly what: string }): JSX.Element {
  return (
    <div class="notice loading" role="status">
      Loading {what} …
    </div>
  );
}

export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="notice">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Failure({
  title,
  message,
  children,
}: {
  readonly title: string;
  readonly message: string;
  /** What to do. */
  readonly children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="notice bad" role="alert">
      <h2>✗ {title}</h2>
      <p>{message}</p>
      {children}
    </div>
  );
}

/** An answer, or what stands for it. */
export function Answered<T>({
  asked,
  what,
  children,
}: {
  readonly asked: Asked<T>;
  /** In "Loading …" and "Cannot show …". */
  readonly what: string;
  readonly children: (answer: T) => ComponentChildren;
}): JSX.Element {
  if (asked.error !== null) {
    return (
      <Failure title={`Cannot show ${what}`} message={asked.error}>
        <a href={linkTo("runs")}>All runs</a>
      </Failure>
    );
  }
  return asked.answer === null ? <Loading what={what} /> : <>{children(asked.answer)}</>;
}

interface BoundaryProps {
  readonly children: ComponentChildren;
}

/** Keeps a fault of one view from taking the page with it. Give it a key that changes with the view. */
export class Boundary extends Component<BoundaryProps, { readonly message: string | null }> {
  override state = { message: null as string | null };

  static override getDerivedStateFromError(error: unknown): { readonly message: string } {
    return { message: messageOf(error) };
  }

  override render(): ComponentChildren {
    const { message } = this.state;
    if (message === null) return this.props.children;
    return (
      <div class="page">
        <Failure title="This view has failed" message={message}>
          <p>
            The rest of the page still works. If it happens again, please report it with this message and the address.
          </p>
          <button type="button" onClick={() => this.setState({ message: null })}>
            Try again
          </button>
        </Failure>
      </div>
    );
  }
}
