// What a check leaves of a data set: one file to train on, one to look into.

import { AtomicFile, ensureWritable } from "../../core/files.js";
import { stringifyJson } from "../../core/json.js";
import { placeText } from "../../problems/sources/source.js";
import { type Checked, isKept } from "./check.js";

/** The problems worth keeping, and beside them the others with what was found. */
export class CleanedFile {
  readonly #kept: AtomicFile;
  readonly #dropped: AtomicFile;

  constructor(path: string) {
    const dropped = `${path.replace(/\.jsonl$/, "")}.dropped.jsonl`;
    ensureWritable(path);
    ensureWritable(dropped);
    this.#kept = new AtomicFile(path);
    this.#dropped = new AtomicFile(dropped);
  }

  write(checked: Checked): void {
    const { where, findings, problem, skipped } = checked;
    if (isKept(checked)) this.#kept.write(`${stringifyJson(problem)}\n`);
    else this.#dropped.write(`${stringifyJson({ where: placeText(where), findings, skipped, problem })}\n`);
  }

  commit(): void {
    this.#dropped.commit();
    this.#kept.commit();
  }

  abandon(): void {
    this.#dropped.abandon();
    this.#kept.abandon();
  }
}
