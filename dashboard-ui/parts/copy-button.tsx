// A button that puts a text on the clipboard and says that it did.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

export interface CopyButtonProps {
  readonly label: string;
  /** Made when it is asked for. */
  readonly text: () => string;
  readonly title?: string;
}

const SHOWN_MS = 1500;

export function CopyButton({ label, text, title }: CopyButtonProps): JSX.Element {
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    if (said === null) return undefined;
    const timer = setTimeout(() => setSaid(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = (): void => {
    navigator.clipboard.writeText(text()).then(
      () => setSaid("Copied"),
      () => setSaid("The browser refused"),
    );
  };
  return (
    <button type="button" onClick={copy} title={title ?? `Copy as ${label}`} aria-live="polite">
      {said ?? label}
    </button>
  );
}
