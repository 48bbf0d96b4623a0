// What files a data set or a model on a hub has, at one commit: names, sizes, hashes. The public HTTP interface of the Hugging Face
// Hub, which its mirrors share.

import { z } from "zod";
import { HubError, UsageError } from "../../core/errors.js";
import type { Shelf } from "./catalogue.js";
import { ask, type Hub, pauseBefore, silence } from "./request.js";

export interface HubFile {
  readonly path: string;
  readonly bytes: number;
  /** Of the content: git's own for a small file, SHA-256 for a large one. */
  readonly hash: { readonly kind: "sha256" | "git-blob"; readonly hex: string };
}

export interface Listing {
  /** All files are of this commit, whatever happens to the branch meanwhile. */
  readonly commit: string;
  readonly files: readonly HubFile[];
}

const infoSchema = z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/) });
const hex = (length: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`));
const treeSchema = z.array(
  z.discriminatedUnion("type", [
    z.object({ type: z.literal("directory") }),
    z.object({
      type: z.literal("file"),
      path: z.string(),
      size: z.int().nonnegative(),
      oid: hex(40),
      lfs: z.object({ oid: hex(64), size: z.int().nonnegative() }).optional(),
    }),
  ]),
);

const MAX_PAGES = 1000;

/** @throws UsageError where the hub has no such repository or revision; HubError where it answers something else */
export async function listFiles(hub: Hub, shelf: Shelf, repository: string, revision: string): Promise<Listing> {
  const api = `${hub.url}/api/${shelf}/${repository}`;
  const info = await getJson(hub, `${api}/revision/${encodeURIComponent(revision)}`, infoSchema);
  const commit = info.value.sha;
  const files: HubFile[] = [];
  for (let page: string | null = "?recursive=true", pages = 1; page !== null; pages++) {
    if (pages > MAX_PAGES) throw new HubError(`${api}: its listing does not end after ${MAX_PAGES} pages`);
    const entries: Page<typeof treeSchema> = await getJson(hub, `${api}/tree/${commit}${page}`, treeSchema);
    files.push(...entries.value.flatMap(fileOf));
    page = entries.next;
  }
  return { commit, files };
}

function fileOf(entry: z.output<typeof treeSchema>[number]): HubFile[] {
  if (entry.type === "directory") return [];
  const { path, size, oid, lfs } = entry;
  refuseEscape(path);
  if (lfs) return [{ path, bytes: lfs.size, hash: { kind: "sha256", hex: lfs.oid } }];
  return [{ path, bytes: size, hash: { kind: "git-blob", hex: oid } }];
}

/** A name becomes a path on this machine: one that leaves the folder, or means something to a system, is refused. */
function refuseEscape(path: string): void {
  const parts = path.split("/");
  const escapes = parts.some((part) => part === "" || part === "." || part === ".." || /[\\:\0-\x1f]/.test(part));
  if (escapes) {
    throw new HubError(
      `the hub lists a file named ${JSON.stringify(path)}; expected a path inside the data set. Nothing was fetched`,
    );
  }
}

export function fileUrl(hub: Hub, shelf: Shelf, repository: string, commit: string, path: string): string {
  const place = shelf === "models" ? repository : `${shelf}/${repository}`;
  return `${hub.url}/${place}/resolve/${commit}/${path.split("/").map(encodeURIComponent).join("/")}`;
}

interface Page<Schema extends z.ZodType> {
  readonly value: z.output<Schema>;
  /** The query of the next page; null on the last. */
  readonly next: string | null;
}

async function getJson<Schema extends z.ZodType>(hub: Hub, url: string, schema: Schema): Promise<Page<Schema>> {
  for (let attempt = 1, last: unknown; ; attempt++) {
    if (attempt > 1) await pauseBefore(attempt, hub, url, last);
    const quiet = silence(hub);
    try {
      const response = await ask(hub, url, { accept: "application/json" }, quiet.signal);
      return { value: parsed(await response.text(), url, schema), next: nextPage(response) };
    } catch (error) {
      if (error instanceof UsageError || error instanceof HubError) throw error;
      last = quiet.signal.aborted ? quiet.signal.reason : error;
    } finally {
      quiet.stop();
    }
  }
}

function parsed<Schema extends z.ZodType>(text: string, url: string, schema: Schema): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const found = text.slice(0, 80).replaceAll(/\s+/g, " ");
    throw new HubError(`${url}: found ${JSON.stringify(found)}; expected a hub's listing. Is this address a hub?`, {
      cause: error,
    });
  }
}

/** Only the query is taken: a mirror may hand on links to the hub that it copies. */
function nextPage(response: Response): string | null {
  const link = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
  return link === undefined ? null : new URL(link, response.url).search;
}
