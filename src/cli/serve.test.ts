import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import { moduleArguments } from "../core/worker.js";
import { bundled } from "../problems/bundled.js";

const main = moduleArguments(new URL("./main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "coderlplus-serve-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Child = ChildProcessByStdio<null, Readable, Readable>;

function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Child {
  return spawn(process.execPath, [...main, "serve", "--port", "0", "--workers", "1", "--wall", "off", ...args], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function listenTo({ stderr }: Child): () => string {
  let said = "";
  stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  return () => said;
}

describe("serve", () => {
  it("serves problems and queue until it is told to stop, and finishes what runs", async () => {
    const token = "a-token-that-nobody-guesses";
    const problems = bundled("bundled", "train");
    const options = ["--json", "--verbose", "--problems", problems, "--state", "queue", "--set", "alignment.share=0.5"];
    const child = start(options, { CODERLPLUS_SERVICE_TOKEN: token });
    const said = listenTo(child);
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    const { url } = JSON.parse(line) as { url: string };
    const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
      const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
      const response = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
      return { status: response.status, ...((await response.json()) as object) };
    };
    const { tasks } = (await post("/tasks/next", { n: 1 })) as { tasks: ReadonlyArray<{ label: string }> };
    const reward = await post("/reward", { task_id: tasks[0]?.label, response: "no_program_of_mine(" });
    expect(reward).toMatchObject({ kind: "code", score: 0, status: "unparsable" });
    const running = post("/run_code", {
      language: "python",
      code: "for i in range(2_000_000): pass\nprint('done')",
      run_timeout: 60,
    });
    // Once it is under way.
    while (!(await (await fetch(`${url}/healthz`)).text()).includes('"running":1'));
    child.kill("SIGTERM");
    expect(await running).toMatchObject({ status: "Success", run_result: { stdout: "done\n" } });
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(said()).toMatch(/POST \/reward 200 \d+ ms\n/);
    expect(said()).toContain("stopping: what runs is finished");
    expect(said()).not.toMatch(/no_program_of_mine|a-token/);
  });

  it("refuses an address that others reach without a token", async () => {
    const child = start(["--host", "0.0.0.0"]);
    const said = listenTo(child);
    expect(await once(child, "exit")).toEqual([2, null]);
    expect(said()).toContain("0.0.0.0: other machines can reach it, so it needs a token: set CODERLPLUS_SERVICE_TOKEN");
  });
});
