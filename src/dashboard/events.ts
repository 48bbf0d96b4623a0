// What changes while a page is open: new steps, evaluations, runs that begin or end. The folder is looked at once a second,
// and only while somebody listens; a run in another process needs to say nothing.

import { statSync } from "node:fs";
import { join } from "node:path";
import type { RunEvent, RunSummary } from "./api/runs.js";
import type { ServedFolder } from "./folder.js";
import { RefusedRequest } from "./refusal.js";
import type { RunLister } from "./run-list.js";

const MAXIMUM_LISTENERS = 64;
/** Under the time after which something between server and page may take the connection for dead. */
const HEARTBEAT_MS = 15_000;
/** A look at many runs may take its time, but no more of it than one part in so many. */
const LOOK_SHARE = 10;
/** Pieces that a page may leave unread before it is given up: it comes back and asks for everything. */
const MAXIMUM_UNREAD = 256;

export interface EventsOptions {
  /** Between two looks. Default 1 s. */
  readonly pollMs?: number | undefined;
  /** Between two signs of life where nothing happens. Default 15 s. */
  readonly heartbeatMs?: number | undefined;
  /** Told of what is our own fault. */
  readonly report: (error: unknown) => void;
}

export interface Events {
  /** As server-sent events. @throws RefusedRequest where too many listen already */
  stream(): ReadableStream<Uint8Array>;
  close(): void;
}

interface Seen {
  readonly stepsDone: number;
  readonly status: RunSummary["status"];
  /** When the names in its eval/ last changed. */
  readonly evaluatedAt: number;
}

export function openEvents(folder: ServedFolder, runs: RunLister, options: EventsOptions): Events {
  const { pollMs = 1000, heartbeatMs = HEARTBEAT_MS, report } = options;
  const listeners = new Set<ReadableStreamDefaultController<Uint8Array>>();
  let seen = new Map<string, Seen>();
  let timer: NodeJS.Timeout | undefined;
  let spokenAt = 0;
  const end = (listener: ReadableStreamDefaultController<Uint8Array>): void => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearTimeout(timer);
      timer = undefined;
    }
  };
  const say = (text: string): void => {
    spokenAt = performance.now();
    const bytes = new TextEncoder().encode(text);
    for (const listener of listeners) {
      if ((listener.desiredSize ?? 0) < -MAXIMUM_UNREAD) {
        end(listener);
        listener.close();
      } else listener.enqueue(bytes);
    }
  };
  const look = (): void => {
    const began = performance.now();
    try {
      const now = seenNow(folder, runs);
      const events = changesBetween(seen, now);
      seen = now;
      if (events.length > 0) say(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""));
      else if (performance.now() - spokenAt >= heartbeatMs) say(": still here\n\n");
    } catch (error) {
      // The next look may fare better.
      report(error);
    }
    if (listeners.size > 0) timer = setTimeout(look, Math.max(pollMs, LOOK_SHARE * (performance.now() - began)));
  };
  return {
    stream: () => {
      if (listeners.size >= MAXIMUM_LISTENERS) {
        throw new RefusedRequest(503, `${MAXIMUM_LISTENERS} pages listen already; close some of them`);
      }
      let own: ReadableStreamDefaultController<Uint8Array>;
      return new ReadableStream({
        start: (controller) => {
          own = controller;
          if (listeners.size === 0) {
            seen = seenNow(folder, runs);
            timer = setTimeout(look, pollMs);
          }
          listeners.add(controller);
          controller.enqueue(new TextEncoder().encode("retry: 2000\n: listening\n\n"));
        },
        cancel: () => end(own),
      });
    },
    close: () => {
      for (const listener of listeners) {
        end(listener);
        listener.close();
      }
    },
  };
}

function seenNow(folder: ServedFolder, runs: RunLister): Map<string, Seen> {
  return new Map(
    runs.list().runs.map(({ run, stepsDone, status }) => {
      const evaluations = join(folder.pathOf(run), "eval");
      const evaluatedAt = statSync(evaluations, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      return [run, { stepsDone, status, evaluatedAt }];
    }),
  );
}

function changesBetween(before: ReadonlyMap<string, Seen>, now: ReadonlyMap<string, Seen>): RunEvent[] {
  const gone = [...before].filter(([run]) => !now.has(run)).map(([run, seen]) => eventOf(run, "gone", seen));
  const others = [...now].flatMap(([run, seen]) => {
    const then = before.get(run);
    if (!then) return [eventOf(run, "new", seen)];
    return [
      ...(seen.stepsDone === then.stepsDone ? [] : [eventOf(run, "step", seen)]),
      ...(seen.evaluatedAt === then.evaluatedAt ? [] : [eventOf(run, "evaluation", seen)]),
      ...(seen.status === then.status ? [] : [eventOf(run, "status", seen)]),
    ];
  });
  return [...gone, ...others];
}

function eventOf(run: string, kind: RunEvent["kind"], { stepsDone, status }: Seen): RunEvent {
  return { run, kind, stepsDone, status };
}
