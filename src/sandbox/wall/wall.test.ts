import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { moduleArguments } from "../../core/worker.js";
import type { Execution, Job } from "../job.js";
import { openSandbox, type Sandbox } from "../sandbox.js";
import { LAUNCHERS } from "./launch.js";
import { WALLS } from "./messages.js";
import { prove } from "./probe.js";
import { wallReport } from "./report.js";
import { describe as describeProof, openWall } from "./wall.js";

const strongest = await (async () => {
  const wall = await openWall("auto");
  await wall?.close();
  return wall;
})();
const limits = { timeMs: 300, memoryBytes: 64 << 20, outputBytes: 1 << 20 };
const job = (source: string): Job => ({
  request: { op: "run", name: "__main__", source, preamble: "" },
  stdin: "",
  limits,
});

/** Processes that this one has started, by the kernel's word. */
function children(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ")[1] === String(process.pid);
      } catch {
        return false;
      }
    })
    .map(Number);
}

const walled = (pid: number): boolean => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("wall/host");

test("a process without a wall is found out: everything works in it", async () => {
  const { process: child, proof } = await prove({
    name: "none",
    launch: () => ({
      file: process.execPath,
      arguments: moduleArguments(new URL("./host.js", import.meta.url)),
      environment: { PATH: process.env["PATH"] ?? "" },
    }),
  });
  child?.close();
  expect(proof).toEqual({ launcher: "none", open: WALLS, problem: null });
});

test("a launcher that fails says why, and proves nothing", async () => {
  const launch = { file: process.execPath, arguments: ["-e", "throw new Error('no wall today')"], environment: {} };
  const { process: child, proof } = await prove({ name: "broken", launch: () => launch });
  expect(child).toBeNull();
  expect(describeProof(proof)).toMatch(/^broken: the walled process is lost: .*no wall today/);
  expect(proof.open).toEqual(WALLS);
  const missing = await prove({ name: "missing", launch: () => ({ ...launch, file: "/nowhere/python3" }) });
  expect(missing.proof.problem).toMatch(/ENOENT/);
});

test("the report has a line for each launcher, and the strongest is the first that is proved", async () => {
  const lines = await wallReport();
  expect(lines.map(({ name }) => name)).toEqual(LAUNCHERS.map(({ name }) => `second wall: ${name}`));
  const proved = lines.find(({ status }) => status === "proved");
  expect(proved?.name).toBe(strongest ? `second wall: ${strongest.launcher}` : undefined);
});

describe.skipIf(!strongest)("behind the wall", () => {
  let sandbox: Sandbox;
  const run = (source: string): Promise<Execution> => sandbox.lease((room) => room.run(job(source)));
  beforeAll(async () => {
    sandbox = await openSandbox({ workers: 2, wall: "on" });
  });
  afterAll(() => sandbox.close());

  test("programs end as they do without it, to the same counted time", async () => {
    const programs = [
      "print(int('41') + 1)",
      "print('\\ud800'.encode('utf-8', 'surrogatepass'))\nx = 1 / 0",
      "while True: pass",
      "import sys\nsys.stdout.buffer.write(b'\\xff\\x00')",
      "raise SystemExit(3)",
      "(",
    ];
    const open = await openSandbox({ workers: 1 });
    const strip = (execution: Execution): object => ({ ...execution, cpuMs: 0 });
    for (const source of programs) {
      expect(strip(await run(source))).toEqual(strip(await open.lease((room) => room.run(job(source)))));
    }
    await open.close();
  });

  test("numbers keep their Python type on the way through", async () => {
    const call = { function: "f", arguments: [2], keywords: {} };
    const request = { op: "run", name: "program", source: "def f(x): return [x, x * 1.0, 2**70]", preamble: "", call };
    const { reply } = await sandbox.lease((room) => room.run({ ...job(""), request }));
    expect(JSON.stringify(reply?.returned)).toBe('[2,{"value":2},{"$int":"1180591620717411303424"}]');
  });

  test("the process knows nothing of this one's environment", () => {
    const [pid] = children().filter(walled);
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter(Boolean);
    const names = environment.map((line) => line.slice(0, line.indexOf("=")));
    expect(names.sort()).toEqual(["CODERLPLUS_CACHE", "NODE_CHANNEL_FD", "OPENSSL_CONF"]);
  });

  test("a process that dies under a program is replaced, and the program run again", async () => {
    const [before] = children().filter(walled);
    const answers = Promise.all([run("print(sum(range(300000)))"), run("print(sum(range(300001)))")]);
    process.kill(before, "SIGKILL");
    expect((await answers).map(({ stdout }) => stdout)).toEqual(["44999850000\n", "45000150000\n"]);
    const after = children().filter(walled);
    expect(after).toHaveLength(1);
    expect(after).not.toContain(before);
  });

  test("one that is always dying is the judge's failure, never a wrong answer", async () => {
    const killer = setInterval(() => {
      for (const pid of children().filter(walled)) process.kill(pid, "SIGKILL");
    }, 5);
    const endless = { ...job("while True: pass"), limits: { ...limits, timeMs: 60_000 } };
    const lost = sandbox.lease((room) => room.run(endless)).catch((error: unknown) => error);
    expect(await lost).toMatchObject({ name: "InfrastructureError" });
    clearInterval(killer);
    expect((await run("print(1)")).stdout).toBe("1\n");
  });

  test("it ends with the sandbox", async () => {
    const other = await openSandbox({ workers: 1, wall: "on" });
    expect(children().filter(walled)).toHaveLength(2);
    await other.close();
    await expect.poll(() => children().filter(walled).length).toBe(1);
  });
});
