// Which steps a run has rollouts of, by the names in its folder, and whether that may have changed since it was asked.

import type { Stats } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ownFile, ownFolder, statOf, stepFile, stepOf } from "./step-file.js";

/** A folder's time counts in steps of some milliseconds: one that is this old will not stay the same for a change. */
const SETTLED_MS = 2000;

export class Listing {
  readonly folder: string;
  #stamp: number | null = null;
  #steps: readonly number[] = [];

  constructor(private readonly runPath: string) {
    this.folder = join(runPath, "rollouts");
  }

  /** The newest first. */
  get steps(): readonly number[] {
    return this.#steps;
  }

  /** @returns whether the folder was read again */
  async refresh(): Promise<boolean> {
    const stamp = ownFolder(this.runPath, "rollouts") === null ? undefined : statOf(this.folder)?.mtimeMs;
    if (stamp === undefined) {
      const had = this.#steps.length > 0;
      [this.#steps, this.#stamp] = [[], null];
      return had;
    }
    if (stamp === this.#stamp) return false;
    const names = await readdir(this.folder).catch(() => []);
    this.#steps = names.flatMap((name) => stepOf(name) ?? []).sort((a, b) => b - a);
    this.#stamp = Date.now() - stamp > SETTLED_MS ? stamp : null;
    return true;
  }

  path(step: number): string {
    return join(this.folder, stepFile(step));
  }

  stat(step: number): Pick<Stats, "size" | "mtimeMs"> | null {
    return ownFile(this.folder, step);
  }
}
