// The served folder: which runs and evaluations lie in it, and the way from a place to a path, which never leads out of
// it. What is in them is read elsewhere.

import { type Dirent, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, join, resolve, sep } from "node:path";
import { DataError } from "../core/errors.js";
import { holdsEvaluations } from "../eval/report/read.js";
import { RefusedRequest } from "./refusal.js";

const MAXIMUM_DEPTH = 8;
const MAXIMUM_PLACES = 2000;
const MAXIMUM_FOLDERS = 20_000;
/** Of a run or an evaluation: where files are read from. */
const READ_FOLDERS = ["", "rollouts", "tokens", "eval", join("eval", "samples"), "samples"];

interface Places {
  readonly runs: readonly string[];
  readonly evaluations: readonly string[];
  /** Whether the search was given up before its end. */
  readonly truncated: boolean;
}

export interface ServedFolder {
  readonly name: string;
  /** Runs and folders of evaluations, wherever they lie; by name. */
  places(): Places;
  /** @throws RefusedRequest where no run is there, DataError where a link in it leads out of the folder */
  runPath(place: string): string;
  /** The same of a run or of a folder of evaluations. */
  placePath(place: string): string;
  /** Of a place that {@link ServedFolder.places} has named. */
  pathOf(place: string): string;
}

/** @param path  need not be there yet */
export function openFolder(path: string, maximumPlaces = MAXIMUM_PLACES): ServedFolder {
  const root = resolve(path);
  const checkedAt = new Map<string, number>();
  const checkedPath = (place: string, fits: (path: string) => boolean, what: string): string => {
    const found = within(root, place);
    if (found === null || !fits(found)) throw new RefusedRequest(404, `${shown(place)}: no ${what} there`);
    checkLinks(root, found, checkedAt);
    return found;
  };
  return {
    name: basename(root),
    places: () => findPlaces(root, maximumPlaces),
    runPath: (place) => checkedPath(place, holdsRun, "run"),
    placePath: (place) =>
      checkedPath(place, (found) => holdsRun(found) || holdsEvaluations(found), "run or evaluation"),
    pathOf: (place) => join(root, place),
  };
}

/** Null where a place leads out of the folder, or nowhere. */
function within(root: string, place: string): string | null {
  const names = place === "." ? [] : place.split("/");
  // What another system takes for a separator or a drive is refused on every one.
  if (names.some((name) => name === "" || name === "." || name === ".." || /[\\:\0]/.test(name))) return null;
  const path = join(root, ...names);
  return leadsOut(root, path) ? null : path;
}

/** Also where nothing is there. */
function leadsOut(root: string, path: string): boolean {
  try {
    const [real, realRoot] = [realpathSync(path), realpathSync(root)];
    return real !== realRoot && !real.startsWith(realRoot.endsWith(sep) ? realRoot : realRoot + sep);
  } catch {
    return true;
  }
}

export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function holdsRun(path: string): boolean {
  return isFile(join(path, "run.json"));
}

/** Each folder again when its list of names has changed. */
function checkLinks(root: string, path: string, checkedAt: Map<string, number>): void {
  for (const name of READ_FOLDERS) {
    const folder = join(path, name);
    const changedAt = statSync(folder, { throwIfNoEntry: false })?.mtimeMs;
    if (changedAt === undefined || checkedAt.get(folder) === changedAt) continue;
    for (const entry of entriesOf(folder)) checkEntry(root, folder, entry);
    checkedAt.set(folder, changedAt);
  }
}

/** A run is files and folders; to read from a pipe would wait for ever. */
function checkEntry(root: string, folder: string, entry: Dirent): void {
  const path = join(folder, entry.name);
  if (entry.isSymbolicLink() && leadsOut(root, path)) {
    throw new DataError(
      `${path}: a symbolic link out of the served folder, which is not followed; copy what it names, or serve a folder that holds both`,
    );
  }
  const is = entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : entry;
  if (is && !is.isFile() && !is.isDirectory()) throw new DataError(`${path}: neither a file nor a folder`);
}

function findPlaces(root: string, maximumPlaces: number): Places {
  const places = { runs: [] as string[], evaluations: [] as string[], truncated: false };
  const seen = new Set<string>();
  const queue = [{ path: root, place: ".", depth: 0 }];
  for (const { path, place, depth } of queue) {
    if (seen.size >= MAXIMUM_FOLDERS || places.runs.length + places.evaluations.length >= maximumPlaces) {
      return { ...places, truncated: true };
    }
    const real = realOf(path);
    // Links may lead to a folder twice, or round and round.
    if (real === null || seen.has(real) || leadsOut(root, path)) continue;
    seen.add(real);
    if (holdsRun(path)) {
      places.runs.push(place);
      continue;
    }
    const entries = entriesOf(path);
    if (entries.some(({ name }) => name.endsWith(".info.json")) && holdsEvaluations(path)) {
      places.evaluations.push(place);
    }
    if (depth === MAXIMUM_DEPTH) continue;
    for (const { name } of entries.filter(isWorthwhile).sort(byName)) {
      queue.push({ path: join(path, name), place: place === "." ? name : `${place}/${name}`, depth: depth + 1 });
    }
  }
  return places;
}

function isWorthwhile(entry: Dirent): boolean {
  return (
    (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith(".") && entry.name !== "node_modules"
  );
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}

function realOf(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

/** None where it cannot be read, or is no folder. */
function entriesOf(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Of an asker: short, and without what a terminal would obey. */
function shown(place: string): string {
  return JSON.stringify(place.slice(0, 200));
}
