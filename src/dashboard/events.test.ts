import { appendFileSync, rmSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { RunList } from "./api/runs.js";
import { openEvents } from "./events.js";
import { openFolder } from "./folder.js";
import { openRunLister } from "./run-list.js";
import { ask } from "./test-request.js";
import { removeTestRuns, testFolder, testMetrics, testServer, writeTestRun, writeTestScores } from "./test-runs.js";

afterEach(removeTestRuns);

async function textOf(stream: ReadableStream<Uint8Array>, until: RegExp): Promise<string> {
  const reader = stream.getReader();
  let text = "";
  while (!until.test(text)) {
    const { value, done } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  await reader.cancel();
  return text;
}

describe("the events of a folder", () => {
  it("have a sign of life where nothing happens", async () => {
    const folder = openFolder(testFolder());
    const report = (error: unknown): void => {
      throw error;
    };
    const events = openEvents(folder, openRunLister(folder), { pollMs: 2, heartbeatMs: 10, report });
    expect(await textOf(events.stream(), /(: still here\n\n){2}/)).toMatch(/^retry: 2000\n: listening\n\n: still here/);
  });

  it("are looked for only while somebody listens", async () => {
    const folder = openFolder(testFolder());
    const runs = openRunLister(folder);
    let looks = 0;
    const counted = { ...runs, list: () => (looks++, runs.list()) };
    const events = openEvents(folder, counted, { pollMs: 1, heartbeatMs: 2, report: () => {} });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(looks).toBe(0);
    await textOf(events.stream(), /still here/);
    const after = looks;
    expect(after).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(looks).toBe(after);
  });

  it("give up a page that no longer reads, and outlive a look that fails", async () => {
    const folder = openFolder(testFolder());
    const runs = openRunLister(folder);
    const reported: unknown[] = [];
    const fault = new Error("the disk is away");
    let looks = 0;
    const list = (): RunList => {
      looks++;
      if (looks === 2) throw fault;
      return runs.list();
    };
    const report = (error: unknown): unknown => reported.push(error);
    const stream = openEvents(folder, { ...runs, list }, { pollMs: 1, heartbeatMs: 0, report }).stream();
    // Of the looks the first is what changes are told against, one failed, and the last finds that nobody reads.
    while (looks < 260) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(reported).toEqual([fault]);
    // What was sent before is there to be read; then the stream ends.
    expect((await textOf(stream, /never/)).match(/still here/g)?.length).toBe(257);
  });
});

describe("the stream of events", () => {
  interface Listener {
    readonly response: IncomingMessage;
    /** The next event of a kind; what comes before it is left out. */
    readonly next: (kind: string) => Promise<unknown>;
    readonly end: () => void;
  }

  async function listen(url: string): Promise<Listener> {
    const response = await new Promise<IncomingMessage>((resolve) =>
      get(`${url}api/events`, { headers: { "accept-encoding": "gzip" }, agent: false }, resolve),
    );
    let text = "";
    const waiting: Array<() => void> = [];
    response.on("data", (piece: Buffer) => {
      text += piece.toString();
      for (const wake of waiting.splice(0)) wake();
    });
    const next = async (kind: string): Promise<unknown> => {
      for (;;) {
        const found = text
          .split("\n\n")
          .slice(0, -1)
          .map((block) => /^data: (.*)$/m.exec(block)?.[1]);
        for (const data of found) {
          const event = data === undefined ? null : (JSON.parse(data) as { readonly kind: string });
          if (event?.kind !== kind) continue;
          text = text.slice(text.indexOf(data ?? "") + (data ?? "").length);
          return event;
        }
        await new Promise<void>((wake) => waiting.push(wake));
      }
    };
    return { response, next, end: () => response.destroy() };
  }

  it("tells of runs, steps, evaluations, ends and deletions as they happen", async () => {
    const root = testFolder();
    const { url } = await testServer(root);
    const { response, next } = await listen(url);
    expect(response.headers["content-type"]).toContain("text/event-stream");
    expect(response.headers["content-encoding"]).toBeUndefined();
    const run = writeTestRun(root, "run", { running: true });
    expect(await next("new")).toEqual({ run: "run", kind: "new", stepsDone: 3, status: "running" });
    run.appendMetrics(testMetrics(4));
    expect(await next("step")).toEqual({ run: "run", kind: "step", stepsDone: 4, status: "running" });
    writeTestScores(run, 4, [1]);
    expect(await next("evaluation")).toMatchObject({ run: "run" });
    run.release();
    expect(await next("status")).toEqual({ run: "run", kind: "status", stepsDone: 4, status: "interrupted" });
    rmSync(run.path, { recursive: true });
    expect(await next("gone")).toMatchObject({ run: "run" });
  });

  it("does not tell of a line that is still being written", async () => {
    const root = testFolder();
    const run = writeTestRun(root, "run");
    const { url } = await testServer(root);
    const { next } = await listen(url);
    appendFileSync(join(run.path, "metrics.jsonl"), '{"step": 4, "co');
    writeTestRun(root, "later");
    expect(await next("new")).toMatchObject({ run: "later" });
    appendFileSync(join(run.path, "metrics.jsonl"), 'de/pass_rate": 1}\n');
    expect(await next("step")).toMatchObject({ run: "run", stepsDone: 4 });
  });

  it("is for so many pages at once, and free again for others when they leave; ends with the server", async () => {
    const server = await testServer(testFolder());
    const listeners = await Promise.all(Array.from({ length: 64 }, () => listen(server.url)));
    expect((await ask(server.url, "/api/events")).status).toBe(503);
    listeners[0]?.end();
    let status = 503;
    while (status === 503) {
      const { response, end } = await listen(server.url);
      status = response.statusCode ?? 0;
      end();
    }
    expect(status).toBe(200);
    const ends = listeners.slice(1).map(({ response }) => new Promise((resolve) => response.on("close", resolve)));
    await server.close();
    await Promise.all(ends);
  });
});
