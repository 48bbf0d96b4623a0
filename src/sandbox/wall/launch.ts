// The ways to start a process behind a wall, strongest first. Which of them holds on this machine is not known here:
// that is tried out from inside (probe.ts).

import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compiledModule, moduleArguments } from "../../core/worker.js";
import { cacheFolder } from "../python/image.js";

export interface Launch {
  readonly file: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface Launcher {
  readonly name: string;
  /** A text says why there is none here. */
  launch(): Launch | string;
}

const HOST = new URL("./host.js", import.meta.url);
const require = createRequire(import.meta.url);

export const LAUNCHERS: readonly Launcher[] = [
  { name: "landlock, seccomp and namespaces (python3)", launch: confined },
  { name: "namespaces (unshare) and Node's permissions", launch: unshared },
  { name: "Node's permissions", launch: permitted },
];

/** Nothing of this process's own: secrets live in environments. */
const environment: Readonly<Record<string, string>> = {
  CODERLPLUS_CACHE: cacheFolder() ?? "off",
  OPENSSL_CONF: "/dev/null",
};

function confined(): Launch | string {
  const python = process.platform === "linux" ? find("python3") : null;
  if (!python) return "it needs Linux and python3";
  const task = {
    read: [...readable(), ...LIBRARIES],
    execute: [process.execPath, ...LOADERS, ...(compiledModule(HOST) ? [] : [join(packages(), "@esbuild")])],
    write: ["/dev/null"],
    command: [process.execPath, ...moduleArguments(HOST)],
    // How the child finds its channel to this process.
    environment: { ...environment, NODE_CHANNEL_FD: CHANNEL },
  };
  const script = fileURLToPath(new URL("./confine.py", import.meta.url));
  return { file: python, arguments: ["-I", "-S", script, JSON.stringify(task)], environment: {} };
}

function unshared(): Launch | string {
  const unshare = process.platform === "linux" ? find("unshare") : null;
  if (!unshare) return "it needs Linux and unshare";
  const inner = permitted();
  if (typeof inner === "string") return inner;
  const flags = ["--user", "--map-current-user", "--net", "--ipc", "--"];
  return { file: unshare, arguments: [...flags, inner.file, ...inner.arguments], environment };
}

/** Node's own: it knows of files and programs; of the network only later versions do. */
function permitted(): Launch | string {
  const flag = ["--permission", "--experimental-permission"].find((name) =>
    process.allowedNodeEnvironmentFlags.has(name),
  );
  if (!flag) return "this Node has no permission model";
  if (!compiledModule(HOST)) return "sources that are compiled as they load need files to write and a program to run";
  const reading = [...readable(), "/proc"].map((path) => `--allow-fs-read=${path}`);
  const flags = [flag, "--allow-worker", "--no-warnings", ...reading];
  return { file: process.execPath, arguments: [...flags, ...moduleArguments(HOST)], environment };
}

/** Our code, the interpreters, their saved memory; and this process's own entry in /proc, for its CPU time. */
function readable(): string[] {
  const code = fileURLToPath(new URL("../..", compiledModule(HOST) ?? HOST));
  const about = ["package.json", "tsconfig.json"].map((name) => join(code, "..", name));
  const cache = cacheFolder();
  return [code, ...about, packages(), ...(cache ? [cache] : []), "/proc/self"].filter(existsSync).map(real);
}

/** The process itself has another number inside: that link must not be followed out here. */
function real(path: string): string {
  return path.startsWith("/proc/") ? path : realpathSync(path);
}

/** Where the interpreters are installed. */
function packages(): string {
  return dirname(dirname(realpathSync(require.resolve("pyodide"))));
}

function find(tool: string): string | null {
  const folders = ["/usr/bin", "/bin", ...(process.env["PATH"] ?? "").split(delimiter)];
  return folders.map((folder) => join(folder, tool)).find((path) => existsSync(path)) ?? null;
}

/** The place of the channel among the child's descriptors: after the three standard streams. */
const CHANNEL = "3";
const LIBRARIES = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"];
const LOADERS = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];
