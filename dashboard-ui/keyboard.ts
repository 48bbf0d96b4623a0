// Every key of the page in one table that views add their own to while they are shown; the list of keys is drawn from it.
// Keys typed into a field are never taken, nor any with Ctrl, Alt or Command.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

export interface KeyBinding {
  /** As `KeyboardEvent.key` names them; "g r" is one after the other. */
  readonly keys: string;
  readonly says: string;
  readonly run: () => void;
}

export interface KeyGroup {
  readonly title: string;
  readonly bindings: readonly KeyBinding[];
}

/** Longer than this between two keys, and the second begins anew. */
const SEQUENCE_MS = 1200;

const registered = new Set<{ readonly current: KeyGroup }>();

/** Adds keys while the calling part is shown. Of two with the same keys the later shown one is meant. */
export function useKeys(title: string, bindings: readonly KeyBinding[]): void {
  const group = useRef<KeyGroup>({ title, bindings });
  group.current = { title, bindings };
  // With what is shown, not some time after: a key pressed in between would be lost.
  useLayoutEffect(() => {
    registered.add(group);
    return () => {
      registered.delete(group);
    };
  }, []);
}

/** What the keys do here, for the list of keys; groups of one title as one. */
export function keyGroups(): readonly KeyGroup[] {
  const groups = new Map<string, readonly KeyBinding[]>();
  for (const { current } of registered) {
    groups.set(current.title, [...(groups.get(current.title) ?? []), ...current.bindings]);
  }
  return [...groups].map(([title, bindings]) => ({ title, bindings }));
}

export interface Press {
  /** Keys so far of a sequence that may go on; "" where none may. */
  readonly pending: string;
  readonly binding: KeyBinding | null;
}

/** @param pending  what the press before left */
export function press(pending: string, key: string, bindings: readonly KeyBinding[]): Press {
  for (const typed of pending === "" ? [key] : [`${pending} ${key}`, key]) {
    const binding = bindings.findLast(({ keys }) => keys === typed);
    if (binding) return { pending: "", binding };
    if (bindings.some(({ keys }) => keys.startsWith(`${typed} `))) return { pending: typed, binding: null };
  }
  return { pending: "", binding: null };
}

/** Listens for the whole page; to be called once. */
export function useKeyboard(): void {
  useEffect(() => {
    let pending = "";
    let pressedAt = 0;
    const listen = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || isTaken(event)) return;
      const bindings = [...registered].flatMap(({ current }) => current.bindings);
      const found = press(event.timeStamp - pressedAt > SEQUENCE_MS ? "" : pending, event.key, bindings);
      pending = found.pending;
      pressedAt = event.timeStamp;
      if (!found.binding) return;
      event.preventDefault();
      found.binding.run();
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
}

/** Whether what has the focus wants the key for itself. */
function isTaken({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (document.querySelector("dialog[open]") !== null) return true;
  if (key === "Enter" || key === " ") return target.closest("a, button, summary, input, select, textarea") !== null;
  return target.isContentEditable || target.closest("select, textarea, input:not([type=checkbox])") !== null;
}
