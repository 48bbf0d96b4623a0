import { afterEach, describe, expect, it } from "vitest";
import type { RunList } from "./api/runs.js";
import { openEvents } from "./events.js";
import { openFolder } from "./folder.js";
import { openRunLister } from "./run-list.js";
import { removeTestRuns, testFolder } from "./test-runs.js";

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
