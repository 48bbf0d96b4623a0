// Starts a worker thread, or a process, from a module of ours, compiled or not: the tests and the development command
// line run TypeScript sources, an installed package runs JavaScript.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";

/** @param module  the compiled name: `new URL("./worker.js", import.meta.url)` */
export function startWorker(module: URL, options: WorkerOptions = {}): Worker {
  if (isCompiled(module)) return new Worker(module, options);
  const bootstrap = `import(${JSON.stringify(import.meta.resolve("tsx/esm/api"))}).then((tsx) => { tsx.register(); return import(${JSON.stringify(sourceOf(module))}); });`;
  return new Worker(bootstrap, { ...options, eval: true });
}

/** What Node is started with to run a module of ours. */
export function moduleArguments(module: URL): string[] {
  if (isCompiled(module)) return [fileURLToPath(module)];
  return ["--import", import.meta.resolve("tsx"), fileURLToPath(sourceOf(module))];
}

export function isCompiled(module: URL): boolean {
  return existsSync(fileURLToPath(module));
}

function sourceOf(module: URL): string {
  return module.href.replace(/\.js$/, ".ts");
}
