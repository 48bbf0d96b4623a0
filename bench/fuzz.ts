// The sandbox against random programs: `npm run fuzz -- [--programs N] [--seed N] [--workers N]`. Exits with 1 where one
// of them passed, was noticed by the next, or broke the judge; a program is made again by its seed and number.

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { fuzz } from "../tests/fuzz/fuzz.js";

const { values } = parseArgs({
  options: {
    programs: { type: "string", default: "5000" },
    seed: { type: "string", default: "1" },
    workers: { type: "string", default: String(availableParallelism()) },
  },
});

const MEBIBYTE = 1 << 20;
const EVERY = 500;
const rss = (): number => Math.round(process.memoryUsage().rss / MEBIBYTE);
const started = performance.now();
const { programs, outcomes, defects } = await fuzz({
  programs: Number(values.programs),
  seed: Number(values.seed),
  workers: Number(values.workers),
  onProgress: (done) => {
    if (done % EVERY === 0) process.stderr.write(`${done} programs, ${rss()} MiB\n`);
  },
});
const seconds = (performance.now() - started) / 1000;
for (const [kind, count] of Object.entries(outcomes).sort(([a], [b]) => (a < b ? -1 : 1)))
  process.stdout.write(`${kind.padEnd(28)}${count}\n`);
process.stdout.write(`${programs} programs in ${seconds.toFixed(0)} s, ${defects.length} defects, ${rss()} MiB\n`);
for (const defect of defects) process.stdout.write(`${defect}\n`);
process.exitCode = defects.length === 0 ? 0 : 1;
