// An input whose text counts a moment after the last key, or at Enter: what is asked for by it takes the server's time.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

interface TypedFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly kind?: "search" | "number";
  readonly placeholder?: string;
  readonly title?: string;
  readonly id?: string;
  readonly step?: string;
}

const REST_MS = 350;

export function TypedField(props: TypedFieldProps): JSX.Element {
  const { label, value, onValue, kind = "search", placeholder, title, id, step } = props;
  const [typed, setTyped] = useState(value);
  const told = useRef(value);
  useEffect(() => {
    // What comes back of what was told is older than what was typed since.
    if (value !== told.current) setTyped(value);
    told.current = value;
  }, [value]);
  const tell = (): void => {
    told.current = typed;
    onValue(typed);
  };
  useEffect(() => {
    if (typed === told.current) return undefined;
    const timer = setTimeout(tell, REST_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const attributes = {
    id,
    class: `typed typed-${kind}`,
    "aria-label": label,
    title,
    placeholder,
    value: typed,
    onInput: ({ currentTarget }: { readonly currentTarget: HTMLInputElement }) => setTyped(currentTarget.value),
    onKeyDown: ({ key, currentTarget }: KeyboardEvent & { readonly currentTarget: HTMLInputElement }) => {
      if (key === "Enter") tell();
      if (key === "Escape") currentTarget.blur();
    },
  };
  return kind === "number" ? (
    <input type="number" step={step} {...attributes} />
  ) : (
    <input type="search" {...attributes} />
  );
}
