// A data set from a hub into a folder: which files, whether they fit on the disk, some at a time, and a record of where
// they came from.

import { existsSync, mkdirSync, statfsSync } from "node:fs";
import { dirname, join, posix, resolve } from "node:path";
import { HubError, UsageError } from "../../core/errors.js";
import { writeAtomic } from "../../core/files.js";
import { sizeText } from "../../core/sizes.js";
import type { DataSet, Release } from "./catalogue.js";
import { download, type Outcome } from "./download.js";
import { matches } from "./glob.js";
import { fileUrl, type HubFile, type Listing, listFiles } from "./listing.js";
import type { Hub } from "./request.js";

export interface Progress {
  readonly bytes: number;
  readonly totalBytes: number;
  readonly files: number;
  readonly totalFiles: number;
}

export interface FetchOptions {
  readonly out: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
  /** Instead of the data set's own choice. */
  readonly patterns?: readonly string[] | undefined;
  /** Before anything is fetched: what it will be. */
  readonly onChosen?: (files: number, totalBytes: number) => void;
  readonly onProgress?: (progress: Progress) => void;
}

/** Written beside the files as `SOURCE.json`. */
export interface Fetched {
  readonly repository: string;
  readonly hub: string;
  /** Of a release its version. */
  readonly commit: string;
  readonly licence: string | null;
  readonly files: ReadonlyArray<{ readonly path: string; readonly bytes: number; readonly hash: string }>;
}

/** At once: more of them make a home line no faster and a hub less friendly. */
const AT_ONCE = 4;

/**
 * Fetches the files chosen and proves them by their hashes. What is there already stays; what was begun goes on.
 *
 * @throws UsageError where there is no such data set or file, it may not be read, or the disk is too small; HubError
 */
export async function fetchDataSet(
  hub: Hub,
  set: DataSet,
  options: FetchOptions,
): Promise<Fetched & { readonly outcomes: readonly Outcome[] }> {
  const { repository, files: own, licence } = set;
  const { from, commit, files, urlOf } = set.release
    ? releaseOf(hub, set.release)
    : await listed(hub, set, options.revision);
  const chosen = choose(repository, files, options.patterns ?? own);
  refuseLarge(set, chosen);
  refuseFullDisk(options.out, chosen);
  const totalBytes = chosen.reduce((sum, { bytes }) => sum + bytes, 0);
  options.onChosen?.(chosen.length, totalBytes);
  let bytes = 0;
  let done = 0;
  const report = (): void => options.onProgress?.({ bytes, totalBytes, files: done, totalFiles: chosen.length });
  const outcomes = await someAtATime(chosen, async (file) => {
    const outcome = await download(from, urlOf(file.path), file, join(options.out, file.path), (more) => {
      bytes += more;
      report();
    });
    done++;
    report();
    return outcome;
  });
  const fetched: Fetched = {
    repository,
    hub: from.url,
    commit,
    licence,
    files: chosen.map(({ path, bytes: size, hash }) => ({ path, bytes: size, hash: `${hash.kind}:${hash.hex}` })),
  };
  writeAtomic(join(options.out, "SOURCE.json"), `${JSON.stringify(fetched, null, 2)}\n`);
  return { ...fetched, outcomes };
}

/** What there is to fetch, and from whom. */
interface Offer extends Listing {
  readonly from: Hub;
  readonly urlOf: (path: string) => string;
}

async function listed(hub: Hub, { repository, among = "datasets" }: DataSet, revision: string): Promise<Offer> {
  const { commit, files } = await listFiles(hub, among, repository, revision);
  return { from: hub, commit, files, urlOf: (path) => fileUrl(hub, among, repository, commit, path) };
}

/** The hub's token is none of its server's business. */
function releaseOf(hub: Hub, { url, version, bytes, sha256 }: Release): Offer {
  const path = posix.basename(new URL(url).pathname);
  const from = { ...hub, url: new URL(url).origin, token: null };
  return { from, commit: version, files: [{ path, bytes, hash: { kind: "sha256", hex: sha256 } }], urlOf: () => url };
}

const SHOWN_FILES = 20;

function choose(repository: string, files: readonly HubFile[], patterns: readonly string[]): HubFile[] {
  const chosen = files.filter(({ path }) => matches(path, patterns));
  if (chosen.length > 0) return chosen;
  const shown = files.slice(0, SHOWN_FILES).map(({ path }) => path);
  const more = files.length > shown.length ? ` and ${files.length - shown.length} more` : "";
  throw new UsageError(
    `${repository}: no file matches ${patterns.join(", ")}; it has ${shown.join(", ") || "none"}${more}. Choose with --files`,
  );
}

function refuseLarge(
  { repository, maximumBytes = Number.POSITIVE_INFINITY }: DataSet,
  files: readonly HubFile[],
): void {
  const large = files.find(({ bytes }) => bytes > maximumBytes);
  if (large === undefined) return;
  throw new HubError(
    `${repository}: the hub lists ${large.path} with ${sizeText(large.bytes)}; expected ${sizeText(maximumBytes)} at most`,
  );
}

function refuseFullDisk(out: string, files: readonly HubFile[]): void {
  const missing = files.filter(({ path }) => !existsSync(join(out, path)));
  const needed = missing.reduce((sum, { bytes }) => sum + bytes, 0);
  let folder = resolve(out);
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  if (needed > bavail * bsize) {
    const free = sizeText(bavail * bsize);
    throw new UsageError(`${out}: needs ${sizeText(needed)}, ${free} are free: choose another --out or fewer --files`);
  }
  mkdirSync(out, { recursive: true });
}

/** In the order of the items; the first failure lets the others end what they are at, and no further one begins. */
async function someAtATime<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const failures: unknown[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const at = next++;
      await work(items[at]).then(
        (result) => void (results[at] = result),
        (error: unknown) => void failures.push(error),
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}
