// Every hostile program through the verb itself, with one thread, each followed by an honest one; and what the process
// did meanwhile, as the kernel tells it.

import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { moduleArguments } from "../core/worker.js";

const MAIN = moduleArguments(new URL("./main.js", import.meta.url));
const FOLDERS = ["hostile", "hostile-more"].map((name) => new URL(`../sandbox/fixtures/${name}/`, import.meta.url));
const CANARY = readFileSync(new URL("99_canary.py", FOLDERS[0]), "utf8");
const programs = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name !== "99_canary.py")
    .map((name) => ({ name, source: readFileSync(new URL(name, folder), "utf8") })),
);
const MEBIBYTE = 1 << 20;
const MEMORY_LIMIT = 96 * MEBIBYTE;
const SAMPLE_MS = 50;

const folder = mkdtempSync(join(tmpdir(), "hostile-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the kernel says of a process at one moment. */
interface Glance {
  readonly peakBytes: number;
  /** Sockets of the network, whoever opened them, that this process holds. */
  readonly sockets: number;
  readonly children: readonly string[];
}

function glance(pid: number): Glance | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const network = ["tcp", "tcp6", "udp", "udp6", "raw"].flatMap((table) =>
      readFileSync(`/proc/${pid}/net/${table}`, "utf8").split("\n").slice(1),
    );
    const inodes = new Set(network.map((line) => line.trim().split(/\s+/)[9]));
    const held = readdirSync(`/proc/${pid}/fd`).map(
      (fd) => /^socket:\[(\d+)\]$/.exec(target(`/proc/${pid}/fd/${fd}`))?.[1],
    );
    return {
      peakBytes: Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024,
      sockets: held.filter((inode) => inode !== undefined && inodes.has(inode)).length,
      children: readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
        .map(commandOf),
    };
  } catch {
    return null;
  }
}

function target(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return "";
  }
}

function parentOf(pid: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ")[1]);
  } catch {
    return 0;
  }
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

async function judgeAll(lines: readonly object[]): Promise<{ rows: Row[]; status: number | null; glances: Glance[] }> {
  const tests = (port: number): object[] => {
    const limits = { timeMs: 300, memoryBytes: MEMORY_LIMIT, outputBytes: MEBIBYTE };
    const common = { language: "python", prompt: "", limits };
    const stdio = (stdin: string, stdout: string): object => ({ kind: "stdio", stdin, stdout });
    const call = (name: string): object => ({ kind: "call", function: name, arguments: [], expected: "SECRET" });
    return [
      { ...common, id: "prints", tests: [stdio(`${port}\n`, "SECRET-ANSWER\n")] },
      { ...common, id: "solve", tests: [call("solve")] },
      { ...common, id: "solve2", tests: [call("solve2")] },
      { ...common, id: "canary", tests: [stdio("", '4 [1, 2] {"a": 1} 2.0 ok\n')] },
    ];
  };
  const jsonl = (name: string, rows: readonly object[]): string => {
    const path = join(folder, name);
    writeFileSync(path, rows.map((row) => JSON.stringify(row)).join("\n"));
    return path;
  };
  for (const name of ["cwd", "home", "tmp"]) mkdirSync(join(folder, name));
  const server = createServer((socket) => socket.end());
  let connections = 0;
  server.on("connection", () => connections++);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const out = join(folder, "verdicts.jsonl");
  const flags = [
    "--problems",
    jsonl("problems.jsonl", tests(port)),
    "--completions",
    jsonl("completions.jsonl", lines),
  ];
  const cache = process.env["CODERLPLUS_CACHE"] ?? join(homedir(), ".cache", "coderlplus");
  // Without the second wall, which would hide what gets through the first.
  const child = spawn(
    process.execPath,
    [...MAIN, "judge", ...flags, "--out", out, "--workers", "1", "--wall", "off", "--json"],
    {
      cwd: join(folder, "cwd"),
      env: { ...process.env, HOME: join(folder, "home"), TMPDIR: join(folder, "tmp"), CODERLPLUS_CACHE: cache },
      stdio: "ignore",
    },
  );
  const glances: Glance[] = [];
  const timer = setInterval(() => {
    const seen = glance(child.pid ?? 0);
    if (seen) glances.push(seen);
  }, SAMPLE_MS);
  const status = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  clearInterval(timer);
  server.close();
  expect(connections).toBe(0);
  const rows = readFileSync(out, "utf8").trim().split("\n");
  return { rows: rows.map((row) => JSON.parse(row) as Row), status, glances };
}

interface Row {
  readonly problem: string;
  readonly verdict: { readonly kind: string; readonly reason?: string };
  readonly tests: ReadonlyArray<{ readonly kind: string; readonly got?: unknown; readonly message?: string }>;
}

/** What a test may end with. A new kind is to be looked at before it is expected. */
const KINDS = ["wrong-answer", "raised", "exited", "timed-out", "out-of-memory", "output-limit", "denied", "crashed"];
const SECRETS = new RegExp(`root:|wrote|v${process.versions.node.split(".")[0]}\\.|CONNECTED|node_modules|coderlplus`);

test("no hostile program passes, none is noticed by the next, and nothing happens outside", {
  timeout: 600_000,
}, async () => {
  const asked = programs.flatMap(({ name, source }) =>
    ["prints", "solve", "solve2"]
      .filter((problem) => problem === "prints" || source.includes(`def ${problem}(`))
      .map((problem) => ({ name, problem, source })),
  );
  const honest = { problem: "canary", program: CANARY };
  const lines = asked.flatMap(({ problem, source }) => [{ problem, program: source }, honest]);
  const { rows, status, glances } = await judgeAll(lines);
  expect(status).toBe(0);
  expect(rows).toHaveLength(lines.length);
  for (const [at, { name, problem }] of asked.entries()) {
    const [row, canary] = [rows[2 * at], rows[2 * at + 1]];
    expect({ name, problem, verdict: row.verdict.kind }).toEqual({ name, problem, verdict: "failed" });
    expect(KINDS, name).toContain(row.tests[0].kind);
    expect(JSON.stringify(row.tests[0].got ?? ""), name).not.toMatch(SECRETS);
    expect({ after: name, canary: canary.verdict.kind }).toEqual({ after: name, canary: "passed" });
  }
  expect(readdirSync(join(folder, "cwd"))).toEqual([]);
  expect(readdirSync(join(folder, "home"))).toEqual([]);
  expect(readdirSync(join(folder, "tmp"))).toEqual([]);
  for (const place of ["/tmp", "/var/tmp", "/dev/shm", homedir(), "/"]) {
    expect(existsSync(join(place, "PWNED"))).toBe(false);
    expect(existsSync(join(place, "PWNED-late"))).toBe(false);
  }
  if (process.platform !== "linux") return;
  expect(glances.length).toBeGreaterThan(20);
  expect(Math.max(...glances.map(({ sockets }) => sockets))).toBe(0);
  expect(new Set(glances.flatMap(({ children }) => children.filter((line) => line !== "")))).toEqual(new Set());
  const [early, peak] = [glances[10].peakBytes, glances[glances.length - 1].peakBytes];
  expect(peak - early).toBeLessThan(16 * MEMORY_LIMIT);
});
