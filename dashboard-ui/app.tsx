// The page: its frame, and in it the view that the address names.

import type { JSX } from "preact";
import { useContext, useEffect } from "preact/hooks";
import { Frame } from "./frame.js";
import { useKeyboard } from "./keyboard.js";
import { type Connection, useLive } from "./live.js";
import { Boundary } from "./parts/state.js";
import { type Route, useRoute } from "./route.js";
import type { Source } from "./source.js";
import { ChangesContext, SourceContext, useAnswer } from "./use-answer.js";
import { viewEntries } from "./views.js";

export function App({ source }: { readonly source: Source }): JSX.Element {
  const { connection, changes } = useLive(source.live);
  useKeyboard();
  return (
    <SourceContext.Provider value={source}>
      <ChangesContext.Provider value={changes}>
        <Page isLive={source.live} connection={connection} />
      </ChangesContext.Provider>
    </SourceContext.Provider>
  );
}

function Page({ isLive, connection }: { readonly isLive: boolean; readonly connection: Connection }): JSX.Element {
  const asked = useAnswer("runs", {});
  const only = isLive ? null : (asked.answer?.runs[0]?.run ?? null);
  const { view, parameters } = routeIn(useRoute(), only);
  const entry = viewEntries[view];
  const run = parameters.get("run");
  useEffect(() => {
    document.title = [entry.title, run, "coderlplus"].filter(Boolean).join(" · ");
    scrollTo(0, 0);
  }, [view, run]);
  return (
    <>
      <Frame connection={connection} view={view} parameters={parameters} runs={asked.answer?.runs ?? []} />
      <main>
        <LeftOut />
        <Boundary key={`${view} ${run ?? ""}`}>
          <entry.show parameters={parameters} />
        </Boundary>
      </main>
    </>
  );
}

/** What a report does not hold of its run. */
function LeftOut(): JSX.Element | null {
  const { notes } = useContext(SourceContext);
  if (notes.length === 0) return null;
  return (
    <details class="left-out">
      <summary>This report holds a part of the run; coderlplus dashboard shows all of it.</summary>
      <ul>
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </details>
  );
}

/** A report begins with its run: it has no list to choose from, and nothing to compare with. */
function routeIn(route: Route, only: string | null): Route {
  const isElsewhere = only !== null && (route.view === "runs" || route.view === "compare");
  return isElsewhere ? { view: "run", parameters: new URLSearchParams({ run: only }) } : route;
}
