// What stands around every view: the name, the run, the views, whether the page is live, the theme, the keys.

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { RunSummary } from "../src/dashboard/api/runs.js";
import { keyGroups, useKeys } from "./keyboard.js";
import type { Connection } from "./live.js";
import { goTo, linkTo, type View } from "./route.js";
import { chooseTheme, readTheme, themes } from "./theme.js";
import { viewEntries } from "./views.js";

interface FrameProps {
  readonly connection: Connection;
  readonly view: View;
  readonly parameters: URLSearchParams;
  readonly runs: readonly RunSummary[];
}

const RUN_TABS = ["run", "rollouts", "evaluations", "compare"] as const satisfies readonly View[];

export function Frame({ connection, view, parameters, runs }: FrameProps): JSX.Element {
  const chosen = parameters.getAll("run");
  const isReport = connection === "held";
  useKeys("Everywhere", frameKeys(chosen, isReport));
  const tabs = RUN_TABS.filter((tab) => viewEntries[tab] && !(isReport && tab === "compare"));
  return (
    <header class="frame">
      <div class="frame-place">
        <a class="frame-name" href={isReport ? linkTo("run", { run: chosen[0] }) : linkTo("runs")}>
          coderlplus
        </a>
        {chosen.length === 0 ? null : <RunChooser view={view} chosen={chosen} runs={runs} />}
      </div>
      {chosen.length === 0 ? null : (
        <nav class="tabs" aria-label="Views">
          {tabs.map((tab) => (
            <a
              key={tab}
              href={linkTo(tab, { run: chosen })}
              aria-current={viewEntries[view]?.tab === tab ? "page" : undefined}
            >
              {viewEntries[tab]?.title}
            </a>
          ))}
        </nav>
      )}
      <div class="frame-tools">
        <LiveIndicator connection={connection} />
        <ThemeButton />
        <KeyHelp />
      </div>
    </header>
  );
}

function RunChooser({
  view,
  chosen,
  runs,
}: Omit<FrameProps, "connection" | "parameters"> & { readonly chosen: readonly string[] }): JSX.Element {
  const [run = ""] = chosen;
  if (chosen.length > 1) return <span class="faint">{chosen.length} runs</span>;
  const names = runs.map((summary) => summary.run);
  if (names.length < 2) return <strong>{run}</strong>;
  return (
    <>
      <span class="faint" aria-hidden="true">
        /
      </span>
      <select
        aria-label="Run"
        value={run}
        onChange={({ currentTarget }) => goTo(viewEntries[view]?.tab ?? "run", { run: currentTarget.value })}
      >
        {(names.includes(run) ? names : [run, ...names]).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </>
  );
}

/** The dot is that of a run's status. */
const connectionSays: Readonly<Record<Connection, readonly [word: string, meaning: string, dot: string]>> = {
  held: ["Report", "A report of one run: nothing in it changes", "held"],
  connecting: ["Connecting", "Waiting for the server's first word", "stopped"],
  live: ["Live", "What a run writes is shown as it comes", "finished"],
  reconnecting: ["Reconnecting", "The server does not answer; is coderlplus dashboard still running?", "stopped"],
};

function LiveIndicator({ connection }: { readonly connection: Connection }): JSX.Element {
  const [word, meaning, dot] = connectionSays[connection];
  return (
    <span class="status faint" role="status" title={meaning} data-status={dot}>
      {word}
    </span>
  );
}

function ThemeButton(): JSX.Element {
  const [theme, setTheme] = useState(readTheme);
  const next = (): void => {
    const following = themes[(themes.indexOf(theme) + 1) % themes.length] ?? "auto";
    chooseTheme(following);
    setTheme(following);
  };
  useKeys("Everywhere", [{ keys: "t", says: "theme: as the system, light, dark", run: next }]);
  return (
    <button type="button" onClick={next} title="Theme: as the system, light, dark (t)" aria-label={`Theme: ${theme}`}>
      {{ auto: "◐", light: "☀", dark: "☾" }[theme]}
    </button>
  );
}

function KeyHelp(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isOpen, setOpen] = useState(false);
  const open = (): void => {
    setOpen(true);
    dialog.current?.showModal();
  };
  useKeys("Everywhere", [{ keys: "?", says: "this list of keys", run: open }]);
  return (
    <>
      <button type="button" onClick={open} title="Keys (?)" aria-label="Keys">
        ?
      </button>
      <dialog ref={dialog} aria-label="Keys" onClose={() => setOpen(false)}>
        <div class="stack">
          <div class="row">
            <h1>Keys</h1>
            <button type="button" class="push" onClick={() => dialog.current?.close()}>
              Close
            </button>
          </div>
          {isOpen ? <KeyTable /> : null}
        </div>
      </dialog>
    </>
  );
}

function KeyTable(): JSX.Element {
  return (
    <div class="keys">
      {keyGroups().map(({ title, bindings }) => (
        <section key={title}>
          <h2>{title}</h2>
          <dl>
            {bindings.map(({ keys, says }) => [
              <dt key={keys}>
                {keys.split(" ").map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>,
              <dd key={`${keys} says`}>{says}</dd>,
            ])}
          </dl>
        </section>
      ))}
    </div>
  );
}

function frameKeys(run: readonly string[], isReport: boolean): Parameters<typeof useKeys>[1] {
  const toRun = (keys: string, view: View, says: string) => ({ keys, says, run: () => goTo(view, { run }) });
  const ofRun =
    run.length === 0
      ? []
      : [
          toRun("g o", "run", "overview"),
          toRun("g l", "rollouts", "rollouts"),
          toRun("g e", "evaluations", "evaluations"),
          ...(isReport ? [] : [toRun("g c", "compare", "compare")]),
        ];
  return [...(isReport ? [] : [{ keys: "g r", says: "runs", run: () => goTo("runs", {}) }]), ...ofRun];
}
