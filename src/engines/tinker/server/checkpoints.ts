// Checkpoints on the disk, and the names the protocol gives them: tinker://<run>/weights/<name> to train on from,
// tinker://<run>/sampler_weights/<name> to sample from, tinker://<run>/external_weights/<name> to take elsewhere. Each is a
// model folder, or one of adapters, with a note of what it is. They outlive the server. No name leads out of the folder.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { StorageError } from "../../../core/errors.js";
import { writeDurable } from "../../../core/files.js";
import { removeFolderAtomic, sweepTemporary, writeFolderAtomic } from "../../../core/folders.js";
import { badRequest, notFound, RequestError } from "../../../core/request-error.js";
import { LORA_TARGETS } from "../../embedded/adapters/layout.js";
import { ADAPTER_FOLDER } from "../../embedded/checkpoints.js";

const NOTE = "checkpoint.json";

const noteSchema = z.object({
  version: z.literal(1),
  baseModel: z.string(),
  /** Of the base (model-identity.ts): adapters belong to it. */
  base: z.string(),
  lora: z.object({ rank: z.int().positive(), targets: z.array(z.enum(LORA_TARGETS)) }).nullable(),
  time: z.iso.datetime(),
  expires: z.iso.datetime().nullable(),
  runMetadata: z.record(z.string(), z.unknown()).nullable(),
});

/** What is said of a checkpoint, beside its weights. */
export type Note = z.output<typeof noteSchema>;

const KINDS = { weights: "training", sampler_weights: "sampler", external_weights: "external" } as const;
type Segment = keyof typeof KINDS;

export interface CheckpointName {
  readonly run: string;
  readonly segment: Segment;
  readonly name: string;
}

export interface Checkpoint extends CheckpointName {
  readonly folder: string;
  readonly note: Note;
}

const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;
/** A session's model; what a session is called is made here (sessions.ts). */
const RUN = /^[a-z0-9-]{1,64}:train:\d{1,9}$/;

/** @throws RequestError for a name that is no name of a checkpoint */
export function checkpointName(run: string, segment: string, name: string): CheckpointName {
  if (!RUN.test(run)) throw notFound(`"${run.slice(0, 100)}" is no training run of this server`);
  if (!isSegment(segment)) {
    throw badRequest(`"${segment.slice(0, 100)}": expected one of ${Object.keys(KINDS).join(", ")}`);
  }
  if (!NAME.test(name)) {
    throw badRequest(
      `"${name.slice(0, 100)}" cannot be a checkpoint's name: expected up to 128 letters, digits, dots, dashes and ` +
        "underscores, the first no dot",
    );
  }
  return { run, segment, name };
}

function isSegment(text: string): text is Segment {
  return Object.hasOwn(KINDS, text);
}

/** @throws RequestError for a path that is none of this protocol's */
export function parsePath(path: string): CheckpointName {
  const [, run, segment, name] = /^tinker:\/\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  if (run === undefined) {
    throw badRequest(`"${path.slice(0, 200)}": expected tinker://<run>/weights/<name> or .../sampler_weights/<name>`);
  }
  return checkpointName(run, segment, name);
}

export function pathOf({ run, segment, name }: CheckpointName): string {
  return `tinker://${run}/${segment}/${name}`;
}

export function kindOf({ segment }: CheckpointName): (typeof KINDS)[Segment] {
  return KINDS[segment];
}

/** When a checkpoint that is kept for so long from now on may be removed. */
export function expiryAfter(seconds: number | null): string | null {
  return seconds === null ? null : new Date(Date.now() + 1000 * seconds).toISOString();
}

export class Checkpoints {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    for (const name of this.#all()) sweepTemporary(join(this.#place(name), ".."));
    this.sweep();
  }

  /** @param fill  writes a model folder @throws RequestError where the name is taken, StorageError where there is no room */
  async save(
    name: CheckpointName,
    note: Note,
    overwrite: boolean,
    fill: (folder: string) => Promise<void>,
  ): Promise<void> {
    const place = this.#place(name);
    if (existsSync(place) && !overwrite) {
      throw new RequestError(409, `${pathOf(name)} exists already: choose another name, or say overwrite`);
    }
    try {
      await writeFolderAtomic(place, async (folder) => {
        await fill(folder);
        writeNote(folder, note);
      });
    } catch (error) {
      throw StorageError.of(place, error);
    }
  }

  /** @throws RequestError 404 where there is none, or it is damaged */
  find(name: CheckpointName): Checkpoint {
    const note = this.#note(name);
    if (!note) throw notFound(`${pathOf(name)}: no such checkpoint`);
    return { ...name, folder: this.#place(name), note };
  }

  /** Of one run, or all; oldest first. */
  list(run?: string): Checkpoint[] {
    const found = this.#all(run).flatMap((name) => {
      const note = this.#note(name);
      return note ? [{ ...name, folder: this.#place(name), note }] : [];
    });
    return found.toSorted((a, b) => a.note.time.localeCompare(b.note.time));
  }

  /** @throws RequestError 404 where there is none */
  remove(name: CheckpointName): void {
    if (!existsSync(this.#place(name))) throw notFound(`${pathOf(name)}: no such checkpoint`);
    removeFolderAtomic(this.#place(name));
  }

  /** From when on it may be removed, or null for never. @throws RequestError 404 where there is none */
  setExpiry(name: CheckpointName, expires: string | null): void {
    const { folder, note } = this.find(name);
    writeNote(folder, { ...note, expires });
  }

  /** Removes those whose time is over. */
  sweep(now = new Date().toISOString()): void {
    for (const checkpoint of this.list()) {
      const { expires } = checkpoint.note;
      if (expires !== null && expires <= now) this.remove(checkpoint);
    }
  }

  #place({ run, segment, name }: CheckpointName): string {
    return join(this.#folder, run.replaceAll(":", "."), segment, name);
  }

  #note(name: CheckpointName): Note | null {
    try {
      return noteSchema.parse(JSON.parse(readFileSync(join(this.#place(name), NOTE), "utf8")));
    } catch {
      return null;
    }
  }

  #all(run?: string): CheckpointName[] {
    const runs = run === undefined ? names(this.#folder).map((name) => name.replaceAll(".", ":")) : [run];
    return runs
      .filter((name) => RUN.test(name))
      .flatMap((name) =>
        (Object.keys(KINDS) as Segment[]).flatMap((segment) =>
          names(join(this.#folder, name.replaceAll(":", "."), segment))
            .filter((checkpoint) => NAME.test(checkpoint))
            .map((checkpoint) => ({ run: name, segment, name: checkpoint })),
        ),
      );
  }
}

function writeNote(folder: string, note: Note): void {
  writeDurable(join(folder, NOTE), `${JSON.stringify(note, null, 2)}\n`);
}

/** Of a model folder, as other programs read them: without the merged weights, and not in a folder of their own. */
export function keepAdaptersAlone(folder: string): void {
  for (const name of names(folder)) {
    if (name !== ADAPTER_FOLDER) rmSync(join(folder, name), { recursive: true });
  }
  const apart = join(folder, ADAPTER_FOLDER);
  for (const name of names(apart)) renameSync(join(apart, name), join(folder, name));
  rmdirSync(apart);
}

function names(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** What an archive holds: the model folder, in order of names. */
export function modelFiles(folder: string): Array<{ readonly name: string; readonly bytes: number }> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).toSorted();
  return paths
    .map((path) => ({ name: path.slice(folder.length + 1).replaceAll("\\", "/"), bytes: statSync(path).size }))
    .filter(({ name }) => name !== NOTE);
}
