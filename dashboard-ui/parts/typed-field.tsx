// An input whose text counts a moment after the last key, or at Enter: what is asked for by it takes the server's time.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

interface TypedFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly kind?: "text" | "number" | "search";
  readonly placeholder?: string;
  readonly title?: string;
  readonly id?: string;
  readonly step?: string;
}

const REST_MS = 350;

export function TypedField(props: TypedFieldProps): JSX.Element {
  const { label, value, onValue, kind = "text", placeholder, title, id, step } = props;
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => onValue(typed), REST_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <input
      id={id}
      type={kind}
      class={`typed typed-${kind}`}
      aria-label={label}
      title={title}
      placeholder={placeholder}
      step={step}
      value={typed}
      onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      onKeyDown={({ key, currentTarget }) => {
        if (key === "Enter") onValue(typed);
        if (key === "Escape") currentTarget.blur();
      }}
    />
  );
}
