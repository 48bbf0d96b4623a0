import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { moduleArguments } from "../core/worker.js";
import { removeTestRuns, testFolder, writeTestRun } from "../dashboard/test-runs.js";

const main = moduleArguments(new URL("./main.js", import.meta.url));
afterEach(removeTestRuns);

type Child = ChildProcessByStdio<null, Readable, Readable>;

function start(folder: string, args: readonly string[]): Child {
  return spawn(process.execPath, [...main, "dashboard", ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
}

async function firstLine({ stdout }: Child): Promise<string> {
  const lines = createInterface(stdout);
  const [line] = (await once(lines, "line")) as [string];
  return line;
}

async function refusal(folder: string, args: readonly string[]): Promise<readonly [unknown, string]> {
  const child = start(folder, args);
  let said = "";
  child.stderr.on("data", (piece: Buffer) => {
    said += piece.toString();
  });
  const [code] = (await once(child, "close")) as [number];
  return [code, said];
}

interface List {
  readonly runs: ReadonlyArray<{ readonly run: string; readonly name: string }>;
}

async function runsAt(url: string): Promise<List["runs"]> {
  return ((await (await fetch(`${url}api/runs`)).json()) as List).runs;
}

describe("coderlplus dashboard", () => {
  it("serves runs/ before the first run is there, live to a page that listens, until it is told to stop", async () => {
    const folder = testFolder();
    const child = start(folder, ["--port", "0"]);
    const [, url = ""] = /^runs at (http:\/\/127\.0\.0\.1:\d+\/)$/.exec(await firstLine(child)) ?? [];
    expect(await runsAt(url)).toEqual([]);
    const events = await fetch(`${url}api/events`);
    expect(events.status).toBe(200);
    mkdirSync(join(folder, "runs"));
    writeTestRun(join(folder, "runs"), "first");
    expect(await runsAt(url)).toMatchObject([{ run: "first" }]);
    const ended = once(child, "exit");
    child.kill("SIGINT");
    expect(await ended).toEqual([0, null]);
    await expect(events.text()).resolves.toContain(": listening");
  });

  it("serves one run, with a token where other machines can reach it", async () => {
    const folder = testFolder();
    writeTestRun(folder, "one");
    const child = start(folder, ["one", "--port", "0", "--host", "0.0.0.0", "--json"]);
    const { url } = JSON.parse(await firstLine(child)) as { readonly url: string };
    const { origin, searchParams } = new URL(url.replace("0.0.0.0", "127.0.0.1"));
    expect((await fetch(`${origin}/api/runs`)).status).toBe(401);
    const headers = { authorization: `Bearer ${searchParams.get("token")}` };
    const list = (await (await fetch(`${origin}/api/runs`, { headers })).json()) as List;
    expect(list.runs).toMatchObject([{ run: ".", name: "one" }]);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("refuses a folder that is not there, a file, and a port that is none, with what to do", async () => {
    const folder = testFolder();
    writeFileSync(join(folder, "file"), "");
    expect(await refusal(folder, ["nowhere"])).toEqual([2, expect.stringContaining("nowhere: no such folder")]);
    expect(await refusal(folder, ["file"])).toEqual([
      2,
      expect.stringContaining("file: a file; expected a folder of runs, or a run"),
    ]);
    expect(await refusal(folder, ["--port", "x"])).toEqual([
      2,
      expect.stringContaining("expected a number from 0 to 65535"),
    ]);
  });
});
