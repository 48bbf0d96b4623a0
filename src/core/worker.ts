// Starts a worker thread from a module of ours, compiled or not: the tests and the development command line run
// TypeScript sources, an installed package runs JavaScript.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";

/** @param module  the compiled name: `new URL("./worker.js", import.meta.url)` */
export function startWorker(module: URL, options: WorkerOptions = {}): Worker {
  if (existsSync(fileURLToPath(module))) return new Worker(module, options);
  const source = module.href.replace(/\.js$/, ".ts");
  const bootstrap = `import(${JSON.stringify(import.meta.resolve("tsx/esm/api"))}).then((tsx) => { tsx.register(); return import(${JSON.stringify(source)}); });`;
  return new Worker(bootstrap, { ...options, eval: true });
}
