// `coderlplus data fetch NAME`: a data set from a hub into a folder, with size, licence and progress, and what to do with
// it next.

import { join } from "node:path";
import type { Command } from "commander";
import { sizeText } from "../core/sizes.js";
import { benchmarks } from "../eval/benchmarks/catalogue.js";
import { fetchedFolder } from "../eval/benchmarks/task-location.js";
import { dataSetNamed, dataSets } from "../problems/hub/catalogue.js";
import { type Fetched, fetchDataSet, type Progress } from "../problems/hub/fetch-data-set.js";
import { hubFrom } from "../problems/hub/request.js";
import { clock } from "./clock.js";

interface Options {
  readonly out?: string;
  readonly revision: string;
  readonly mirror?: string;
  readonly files?: readonly string[];
  readonly json?: boolean;
}

export function registerDataFetch(data: Command): void {
  data
    .command("fetch")
    .description("fetch a data set from a hub: goes on where it was broken off, proves every file by its hash")
    .argument("<name>", `owner/name, or one of ${Object.keys(dataSets).join(", ")}`)
    .option("--out <folder>", "where to; default data/NAME")
    .option("--revision <name>", "a branch, a tag or a commit", "main")
    .option("--mirror <url>", "another hub than the public one; also CODERLPLUS_HUB or HF_ENDPOINT")
    .option("--files <glob...>", 'which files, such as "data/*.parquet"; default: those that data convert reads')
    .option("--json", "print what was fetched as one JSON object")
    .addHelpText(
      "after",
      "\nA private or gated data set needs a token: CODERLPLUS_HUB_TOKEN, or HF_TOKEN for the public hub.\n" +
        "\nExample:\n  coderlplus data fetch mbpp --out data/mbpp",
    )
    .action(fetchFiles);
}

async function fetchFiles(name: string, { out = fetchedFolder(name), ...options }: Options): Promise<void> {
  const set = dataSetNamed(name);
  const hub = hubFrom(options.mirror, process.env);
  const { outcomes, ...fetched } = await fetchDataSet(hub, set, {
    out,
    revision: options.revision,
    patterns: options.files,
    onChosen: (files, totalBytes) =>
      process.stderr.write(
        `${set.repository}: ${counted(files, "file")}, ${sizeText(totalBytes)}; licence: ${set.licence ?? UNKNOWN_LICENCE}\n`,
      ),
    onProgress: progressOn(process.stderr),
  });
  const next = evaluation(name, out) ?? conversion(out, fetched);
  if (options.json === true) console.log(JSON.stringify({ out, ...fetched, outcomes, next }));
  else console.log(`${summary(out, fetched, outcomes)}\nNext:\n  ${next}`);
}

/** Where benchmarks ask what was fetched, it is not there to train on. */
function evaluation(name: string, out: string): string | null {
  const names = benchmarks
    .filter(({ file }) => file.kind === "fetched" && file.dataSet === name)
    .map((benchmark) => benchmark.name);
  if (names.length === 0) return null;
  const path = out === fetchedFolder(name) ? "" : ` --path ${quoted(out)}`;
  return `coderlplus eval ${names.join(" ")} --engine MODEL_FOLDER${path}`;
}

function conversion(out: string, { files, licence }: Fetched): string {
  const paths = files.map(({ path }) => quoted(join(out, path)));
  const stated = licence === null ? "" : ` --license ${quoted(licence)}`;
  return `coderlplus data convert ${paths.join(" ")} --out ${quoted(`${out}.jsonl`)}${stated}`;
}

const UNKNOWN_LICENCE = "see the data set's page";

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function summary(out: string, { repository, commit, licence, files }: Fetched, outcomes: readonly string[]): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const there = outcomes.filter((outcome) => outcome === "already there").length;
  return (
    `${counted(files.length, "file")}, ${sizeText(bytes)}, in ${out}` +
    `${there > 0 ? ` (${there} there already)` : ""}; every hash is right\n` +
    `${repository} at ${commit}; licence: ${licence ?? UNKNOWN_LICENCE}`
  );
}

/** For a shell of the Unix kind, where it needs it. */
function quoted(path: string): string {
  return /^[\w./@:,+-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

const REDRAW_MS = 200;
const LINES = 10;

/** One live line on a terminal; in a pipe a plain line for every tenth of the bytes. */
function progressOn(out: NodeJS.WriteStream): (progress: Progress) => void {
  const started = performance.now();
  let first: number | null = null;
  let drawnAt = 0;
  let tenths = 0;
  return ({ bytes, totalBytes, files, totalFiles }) => {
    // What was there before says nothing of the line's speed.
    first ??= bytes;
    const seconds = (performance.now() - started) / 1000;
    const rate = (bytes - first) / Math.max(seconds, 0.001);
    const left = rate > 0 ? `, ${clock((totalBytes - bytes) / rate)} left` : "";
    const text = `${sizeText(bytes)} of ${sizeText(totalBytes)}, ${files}/${totalFiles} files, ${sizeText(rate)}/s${left}`;
    const done = files === totalFiles;
    if (out.isTTY) {
      if (!done && performance.now() - drawnAt < REDRAW_MS) return;
      drawnAt = performance.now();
      out.write(`\r\u001B[K${done ? "" : text}`);
    } else if (bytes > first && Math.floor((LINES * bytes) / Math.max(1, totalBytes)) > tenths) {
      tenths = Math.floor((LINES * bytes) / totalBytes);
      out.write(`${text}\n`);
    }
  };
}
