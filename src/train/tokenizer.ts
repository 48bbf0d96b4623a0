// The tokenizer of a model that is elsewhere: a server of the protocol has none to give. It is a folder, what ships with
// the package, or what a hub has under a name, fetched once into the user's cache.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { HubError, messageOf, UsageError } from "../core/errors.js";
import { sha256, sha256OfFile } from "../core/files.js";
import { readTokenizer } from "../engines/embedded/model/tokenizer.js";
import type { Tokenizer } from "../engines/engine.js";
import { remoteCheckpointIn } from "../engines/tinker/engine/checkpoint.js";
import { bundled } from "../problems/bundled.js";
import { isRepository } from "../problems/hub/catalogue.js";
import { fetchDataSet } from "../problems/hub/fetch-data-set.js";
import { type Hub, hubFrom } from "../problems/hub/request.js";
import { cacheFolder } from "../sandbox/python/image.js";
import type { TinkerConfig } from "./config/engine.js";

const FILE = "tokenizer.json";
/** The rest says which tokens end a text, and how a chat is written. */
const FILES = [FILE, "tokenizer_config.json", "config.json", "generation_config.json", "chat_template.jinja"];
/** Of the largest vocabularies there are, about 33 MB. */
const MAXIMUM_BYTES = 100e6;
/** Written last, once every file is there and has its hash. */
const COMPLETE = "SOURCE.json";

type Named = Pick<TinkerConfig, "model" | "tokenizer">;

/** Where it is, or will be once it is fetched; null where it is neither a folder nor on a hub, or nothing may be kept. */
function placeOf(engine: Named): { readonly folder: string; readonly isThere: boolean } | null {
  const name = nameOf(engine);
  const own = bundled(name, "model");
  if (existsSync(join(own, FILE))) return { folder: own, isThere: true };
  const cache = cacheFolder();
  if (cache === null || !isRepository(name)) return null;
  const folder = join(cache, "tokenizers", name.replace("/", "--"));
  return { folder, isThere: [FILE, COMPLETE].every((file) => existsSync(join(folder, file))) };
}

/**
 * The tokenizer, fetched where it is not there yet.
 *
 * @throws UsageError naming the way without a hub, EngineError for a tokenizer.json that cannot be used
 */
export async function openTokenizer(
  engine: Named,
  onNotice: (message: string) => void,
  hub: () => Hub = () => hubFrom(undefined, process.env),
): Promise<Tokenizer> {
  const name = nameOf(engine);
  const place = placeOf(engine);
  if (place === null) {
    throw new UsageError(
      `engine.tokenizer is ${name}: expected a folder with ${FILE}, or owner/name of a model on a hub` +
        `${isRepository(name) ? ", for which CODERLPLUS_CACHE must not be off" : ""}; ${WITHOUT_HUB}`,
    );
  }
  if (!place.isThere) await fetchInto(place.folder, name, hub, onNotice);
  return readTokenizer(place.folder);
}

const WITHOUT_HUB = `set engine.tokenizer to a folder with the model's own ${FILE}, tokenizer_config.json and config.json`;

export function isTokenizerThere(engine: Named): boolean {
  return placeOf(engine)?.isThere === true;
}

/** Of a tokenizer that is there: what tells it from others. */
export function tokenizerHash(engine: Named): string {
  const folder = placeOf(engine)?.folder ?? "";
  const hashes = FILES.map((name) => join(folder, name)).map((path) => (existsSync(path) ? sha256OfFile(path) : null));
  return sha256(JSON.stringify(hashes));
}

async function fetchInto(
  folder: string,
  repository: string,
  hub: () => Hub,
  onNotice: (message: string) => void,
): Promise<void> {
  const set = {
    repository,
    among: "models",
    files: FILES,
    licence: null,
    gigabytes: null,
    maximumBytes: MAXIMUM_BYTES,
  } as const;
  try {
    const from = { ...hub(), onRetry: onNotice };
    onNotice(`fetching the tokenizer of ${repository} from ${from.url} into ${folder}`);
    await fetchDataSet(from, set, { out: folder, revision: "main" });
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof HubError)) throw error;
    throw new UsageError(`cannot fetch the tokenizer of ${repository}: ${messageOf(error)}; ${WITHOUT_HUB}`, {
      cause: error,
    });
  }
  if (!existsSync(join(folder, FILE))) {
    throw new UsageError(`${repository}: the hub has no ${FILE} of it; ${WITHOUT_HUB}`);
  }
}

/**
 * What a server calls a model may have a variant behind it, as in `Qwen/Qwen3-8B:long` or `owner/name/variant`, with the
 * tokenizer of the model alone (the rule of Thinking Machines Lab's client).
 */
function nameOf({ model: named, tokenizer }: Named): string {
  if (tokenizer !== null) return tokenizer;
  const model = remoteCheckpointIn(named)?.model ?? named;
  if (existsSync(join(model, FILE))) return model;
  const [name] = model.split(":");
  const parts = name.split("/");
  return parts.length === 3 ? parts.slice(0, 2).join("/") : name;
}
