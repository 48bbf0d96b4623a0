// A view that is loaded when it is first shown: what reads programs needs grammars that the first page does not.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Loading } from "./parts/state.js";

export type Show = (props: { readonly parameters: URLSearchParams }) => JSX.Element;

export function lazy(load: () => Promise<Show>): Show {
  let loaded: Show | null = null;
  return function LazyView({ parameters }) {
    const [, setLoaded] = useState(loaded !== null);
    const [failure, setFailure] = useState<Error | null>(null);
    useEffect(() => {
      if (loaded) return;
      load().then(
        (view) => {
          loaded = view;
          setLoaded(true);
        },
        () =>
          setFailure(
            new Error(
              "A part of the page could not be loaded: the dashboard was stopped or built anew. Reload the page.",
            ),
          ),
      );
    }, []);
    if (failure) throw failure;
    const View = loaded;
    return View ? <View parameters={parameters} /> : <Loading what="this view" />;
  };
}
