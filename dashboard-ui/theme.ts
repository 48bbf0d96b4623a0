// Light or dark: as the system says, or as the reader chose, kept in this browser. The colours are the style sheet's.

import { useEffect, useState } from "preact/hooks";

export const themes = ["auto", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const KEY = "coderlplus-theme";
const CHANGED = "coderlplus-theme-changed";

export function readTheme(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return themes.find((theme) => theme === kept) ?? "auto";
  } catch {
    // A browser may refuse storage to a file.
    return "auto";
  }
}

export function applyTheme(theme: Theme): void {
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

export function chooseTheme(theme: Theme): void {
  applyTheme(theme);
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // It then holds for this page alone.
  }
  dispatchEvent(new Event(CHANGED));
}

/** Counts changes of the colours, for what is painted rather than styled. */
export function useColourChanges(): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const update = (): void => setCount((before) => before + 1);
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", update);
    addEventListener(CHANGED, update);
    return () => {
      system.removeEventListener("change", update);
      removeEventListener(CHANGED, update);
    };
  }, []);
  return count;
}
