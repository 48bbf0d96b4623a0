// The page: its frame, and which view the address names.

import type { JSX } from "preact";
import { useRoute } from "./route.js";
import type { Source } from "./source.js";
import { SourceContext } from "./use-answer.js";

export function App({ source }: { readonly source: Source }): JSX.Element {
  const { view } = useRoute();
  return (
    <SourceContext.Provider value={source}>
      <main>{view}</main>
    </SourceContext.Provider>
  );
}
