// Where the reader is, in the address behind `#`: a view's name and its parameters. Every state worth keeping is there, so
// that a link shows another reader the same.

import { useEffect, useState } from "preact/hooks";

const views = ["runs", "run", "compare", "rollouts", "group", "trace", "problem", "evaluations", "matrix"] as const;
export type View = (typeof views)[number];

export interface Route {
  readonly view: View;
  readonly parameters: URLSearchParams;
}

export type Parameters = Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>;

/** `#/rollouts?run=a&step=3`; null, undefined and "" are left out. */
export function linkTo(view: View, parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null && item !== undefined && item !== "") query.append(name, String(item));
    }
  }
  return `#/${view}${query.size === 0 ? "" : `?${query.toString()}`}`;
}

/** The parameters of a view with some of them as they are to be. */
export function withChanges(parameters: URLSearchParams, changes: Parameters): Parameters {
  return { ...Object.fromEntries([...parameters.keys()].map((name) => [name, parameters.getAll(name)])), ...changes };
}

export function readRoute(hash: string): Route {
  const [name = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const view = views.find((known) => known === name) ?? "runs";
  return { view, parameters: new URLSearchParams(query) };
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => readRoute(location.hash));
  useEffect(() => {
    const update = (): void => setRoute(readRoute(location.hash));
    addEventListener("hashchange", update);
    return () => removeEventListener("hashchange", update);
  }, []);
  return route;
}

/** @param how  "replace" leaves no entry to go back to: for what is typed or dragged */
export function goTo(view: View, parameters: Parameters, how: "push" | "replace" = "push"): void {
  const link = linkTo(view, parameters);
  if (how === "push") location.hash = link;
  else {
    history.replaceState(null, "", link);
    dispatchEvent(new HashChangeEvent("hashchange"));
  }
}
