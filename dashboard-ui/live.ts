// What changes while the page is open: the server's events become numbers that make views ask again. A report has none.

import { useEffect, useState } from "preact/hooks";
import { EVENTS_PATH } from "../src/dashboard/api/question.js";
import type { RunEvent } from "../src/dashboard/api/runs.js";

export type Connection = "held" | "connecting" | "live" | "reconnecting";

export interface Live {
  readonly connection: Connection;
  /** For ChangesContext: events by run; `*` counts what may have changed every run. */
  readonly changes: Readonly<Record<string, number>>;
}

/** Events that come within this time are one change: a fast run makes many. */
const GATHER_MS = 400;
/** Where the browser gives up by itself, which it does when the server answers an error. */
const RETRY_MS = 3000;

export function useLive(isLive: boolean): Live {
  const [connection, setConnection] = useState<Connection>(isLive ? "connecting" : "held");
  const [changes, setChanges] = useState<Readonly<Record<string, number>>>({});
  useEffect(() => {
    if (!isLive) return undefined;
    let stream: EventSource | null = null;
    let timer: ReturnType<typeof setTimeout> | null = null;
    let retry: ReturnType<typeof setTimeout> | null = null;
    let wasLost = false;
    const gathered = new Map<string, number>();
    const flush = (): void => {
      timer = null;
      const counts = [...gathered];
      gathered.clear();
      setChanges((before) => ({
        ...before,
        ...Object.fromEntries(counts.map(([run, count]) => [run, (before[run] ?? 0) + count])),
      }));
    };
    const changed = (run: string): void => {
      gathered.set(run, (gathered.get(run) ?? 0) + 1);
      timer ??= setTimeout(flush, GATHER_MS);
    };
    const connect = (): void => {
      stream = new EventSource(EVENTS_PATH);
      stream.addEventListener("open", () => {
        setConnection("live");
        // Nobody knows what was missed meanwhile.
        if (wasLost) changed("*");
        wasLost = false;
      });
      stream.addEventListener("message", ({ data }) => {
        const event = readEvent(data);
        if (event !== null) changed(event.run);
      });
      stream.addEventListener("error", () => {
        wasLost = true;
        setConnection("reconnecting");
        if (stream?.readyState === EventSource.CLOSED) retry = setTimeout(connect, RETRY_MS);
      });
    };
    connect();
    return () => {
      stream?.close();
      if (timer !== null) clearTimeout(timer);
      if (retry !== null) clearTimeout(retry);
    };
  }, [isLive]);
  return { connection, changes };
}

function readEvent(data: unknown): RunEvent | null {
  try {
    return JSON.parse(String(data)) as RunEvent;
  } catch {
    return null;
  }
}
