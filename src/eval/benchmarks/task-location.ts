// Where a benchmark's tasks lie on this machine: in the package, where `data fetch` put them, or where the user says. Not
// here: what is in the files (each benchmark's own load).

import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../core/errors.js";
import { sha256OfFile } from "../../core/files.js";
import { sizeText } from "../../core/sizes.js";
import { dataSetNamed } from "../../problems/hub/catalogue.js";
import type { Benchmark } from "./benchmark.js";

const ASSETS = new URL("../../../assets/benchmarks/", import.meta.url);

/** The folder below the working one where `data fetch NAME` puts a data set by itself. */
export function fetchedFolder(dataSet: string): string {
  return join("data", dataSet);
}

/**
 * What a benchmark's `load` is given: a file, or a folder of several ({@link taskFiles}).
 *
 * @param given  the user's own file or folder, which goes before all others
 * @throws UsageError where nothing is there, with the command to run
 */
export function taskPath({ name, file }: Pick<Benchmark, "name" | "file">, given?: string): string {
  if (given !== undefined) {
    if (isThere(given)) return given;
    throw new UsageError(`${given}: no such file or folder; expected the tasks of ${name}`);
  }
  if (file.kind === "bundled") return fileURLToPath(new URL(file.path, ASSETS));
  const folder = fetchedFolder(file.dataSet);
  const { files, licence, gigabytes } = dataSetNamed(file.dataSet);
  const missing = missingOf(folder, files);
  if (missing.length === 0) return onlyFile(folder, files);
  const size = gigabytes === null ? "size not known here" : sizeText(gigabytes * 1e9);
  throw new UsageError(
    `${name}: its tasks do not come with coderlplus, and ${missing.join(", ")} is not in ${folder}. Fetch them with: ` +
      `coderlplus data fetch ${file.dataSet}   (${size}; licence: ${licence ?? "see its page"}), ` +
      "or name a file or folder of your own with --path",
  );
}

/** What a fetch would have brought: files by their names, or any data file where the data set has patterns only. */
function missingOf(folder: string, files: readonly string[]): string[] {
  if (files.some(isPattern)) {
    return isThere(folder) && dataFiles(folder).length > 0 ? [] : [files.join(" or ")];
  }
  return files.filter((file) => !isThere(join(folder, file)));
}

function onlyFile(folder: string, files: readonly string[]): string {
  const found = files.some(isPattern) ? dataFiles(folder) : files.map((file) => join(folder, file));
  return found.length === 1 ? found[0] : folder;
}

function isPattern(file: string): boolean {
  return /[*?]/.test(file);
}

/**
 * The files of a {@link taskPath}, in an order that is the same everywhere: itself, or the data files in the folder.
 *
 * @throws UsageError where the folder holds none
 */
export function taskFiles(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  const files = dataFiles(path);
  if (files.length > 0) return files;
  throw new UsageError(`${path}: holds no data file; expected .jsonl, .json, .jsonl.gz, .json.gz or .parquet`);
}

/** SHA-256 of the tasks as they lie there: of the file, or of the hashes of all files in the folder. */
export function taskHash(path: string): string {
  const [file = path, ...more] = taskFiles(path);
  if (more.length === 0) return sha256OfFile(file);
  const hash = createHash("sha256");
  for (const each of [file, ...more]) hash.update(sha256OfFile(each));
  return hash.digest("hex");
}

const DATA = /\.(jsonl|json|parquet)(\.gz)?$/;
/** Written by `data fetch` beside what it brings. */
const RECORD = "SOURCE.json";

function dataFiles(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (name) => DATA.test(name) && name !== RECORD && statSync(join(folder, name)).isFile(),
  );
  return names.sort().map((name) => join(folder, name));
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
