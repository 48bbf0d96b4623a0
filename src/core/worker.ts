// Starts a worker thread, or a process, from a module of ours, compiled or not: the tests and the development command
// line run TypeScript sources, an installed package runs JavaScript. Where the sources have been compiled elsewhere, as
// before the tests, `CODERLPLUS_COMPILED` names the folder: what compiles as it loads takes a second more to start.

import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";

/** The folder of the rooms. */
const SOURCES = fileURLToPath(new URL("..", import.meta.url));

/** @param module  the compiled name: `new URL("./worker.js", import.meta.url)` */
export function startWorker(module: URL, options: WorkerOptions = {}): Worker {
  const compiled = compiledModule(module);
  if (compiled) return new Worker(compiled, options);
  const bootstrap = `import(${JSON.stringify(import.meta.resolve("tsx/esm/api"))}).then((tsx) => { tsx.register(); return import(${JSON.stringify(sourceOf(module))}); });`;
  return new Worker(bootstrap, { ...options, eval: true });
}

/** What Node is started with to run a module of ours. */
export function moduleArguments(module: URL): string[] {
  const compiled = compiledModule(module);
  if (compiled) return [fileURLToPath(compiled)];
  return ["--import", import.meta.resolve("tsx"), fileURLToPath(sourceOf(module))];
}

/** Where it is compiled; null where it compiles as it loads. */
export function compiledModule(module: URL): URL | null {
  const path = fileURLToPath(module);
  if (existsSync(path)) return module;
  const folder = process.env["CODERLPLUS_COMPILED"];
  const elsewhere = folder && join(folder, relative(SOURCES, path));
  return elsewhere && existsSync(elsewhere) ? pathToFileURL(elsewhere) : null;
}

function sourceOf(module: URL): string {
  return module.href.replace(/\.js$/, ".ts");
}
