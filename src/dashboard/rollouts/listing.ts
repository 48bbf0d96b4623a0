// Which steps a run has rollouts of, by the names in its folder, and whether that may have changed since it was asked.

import { lstatSync, realpathSync, type Stats } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, sep } from "node:path";
import { stepFile, stepOf } from "./step-file.js";

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
    const stamp = this.#isInside() ? statOf(this.folder)?.mtimeMs : undefined;
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

  /** Of a file in the folder itself: a link could lead anywhere. */
  stat(step: number): Pick<Stats, "size" | "mtimeMs"> | null {
    const stat = statOf(this.path(step));
    return stat?.isFile() ? stat : null;
  }

  /** A link may not lead out of the run. */
  #isInside(): boolean {
    try {
      return realpathSync(this.folder).startsWith(realpathSync(this.runPath) + sep);
    } catch {
      return false;
    }
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
