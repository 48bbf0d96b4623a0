// Speed of the embedded engine: `npm run bench:engine [-- --models 3m,30m,135m --threads 1,2 --rounds 5
// --work training,sampling,recipe --json]`.
// Training and sampling against PyTorch where a Python with it is found (CODERLPLUS_PYTHON, else python3), in the same
// run and in turns, and against the fastest matrix product that either makes on this machine. Last, a step of the
// default recipe. It says nothing about what a model learns.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Bench, measureCeiling, measureModel, measureRecipe } from "./engine/measure.js";
import { MODELS } from "./engine/models.js";
import { type Report, reportText } from "./engine/report.js";
import { findTorch } from "./engine/torch.js";

const WORK = ["training", "sampling", "recipe"] as const;

const { values } = parseArgs({
  options: {
    models: { type: "string", default: Object.keys(MODELS).join() },
    threads: { type: "string", default: "1,2" },
    rounds: { type: "string", default: "5" },
    work: { type: "string", default: WORK.join() },
    json: { type: "boolean", default: false },
  },
});

async function measure(bench: Bench, models: readonly string[], threadCounts: readonly number[]): Promise<Report> {
  const each = async <Result>(of: (threads: number) => Promise<Result>): Promise<Result[]> => {
    const results: Result[] = [];
    for (const threads of threadCounts) results.push(await of(threads));
    return results;
  };
  const ceilings = await each((threads) => measureCeiling(bench, threads));
  const measured: Array<Awaited<ReturnType<typeof measureModel>>> = [];
  for (const model of models) measured.push(...(await each((threads) => measureModel(bench, model, threads))));
  return {
    torch: bench.torch?.version,
    rounds: bench.rounds,
    ceilings,
    training: measured.flatMap(({ training }) => training ?? []),
    sampling: measured.flatMap(({ sampling }) => sampling ?? []),
    gains: measured.flatMap(({ gains }) => gains ?? []),
    recipe: work.includes("recipe") ? await each((threads) => measureRecipe(bench, threads)) : [],
  };
}

/** The names in a list, all of which must be known. */
function chosen(list: string, known: readonly string[]): readonly string[] {
  const names = list.split(",");
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return names;
  process.stderr.write(`there is no "${unknown}"; there are ${known.join(", ")}\n`);
  return process.exit(2);
}

const models = chosen(values.models, Object.keys(MODELS));
const work = chosen(values.work, WORK);
const folder = mkdtempSync(join(tmpdir(), "coderlplus-bench-"));
try {
  const progress = (text: string): void => void process.stderr.write(`${text}\n`);
  const bench: Bench = { folder, rounds: Number(values.rounds), torch: findTorch(), work, progress };
  const report = await measure(bench, models, values.threads.split(",").map(Number));
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : `${reportText(report)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
