// A view that is loaded when it is first shown: what reads programs needs grammars that the first page does not.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Loading } from "./parts/state.js";

export type Show = (props: { readonly parameters: URLSearchParams }) => JSX.Element;

const NOT_LOADED = "A part of the page could not be loaded: the dashboard was stopped or built anew. Reload the page.";

export function lazy(load: () => Promise<Show>): Show {
  let loaded: Show | null = null;
  return function LazyView({ parameters }) {
    const [, setLoaded] = useState(loaded !== null);
    const [hasFailed, setFailed] = useState(false);
    useEffect(() => {
      const take = (view: Show): void => {
        loaded = view;
        setLoaded(true);
      };
      if (!loaded) load().then(take, () => setFailed(true));
    }, []);
    if (hasFailed) throw new Error(NOT_LOADED);
    const View = loaded;
    return View ? <View parameters={parameters} /> : <Loading what="this view" />;
  };
}
