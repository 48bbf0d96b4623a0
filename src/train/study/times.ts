// How long a study's tasks took, and from that how long the others will: measured seconds only, no guess before one
// task has finished.

import { appendFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { readText } from "../../core/files.js";
import { mean, sum } from "../../core/maths.js";
import type { Task } from "./plan.js";

interface Spent {
  /** Of the folder inside the study's. */
  readonly task: string;
  readonly seconds: number;
  readonly finished: boolean;
}

export class Times {
  readonly #file: string;
  readonly #spent: Spent[];

  constructor(private readonly folder: string) {
    this.#file = join(folder, "times.jsonl");
    const lines = existsSync(this.#file) ? readText(this.#file).split("\n").slice(0, -1) : [];
    this.#spent = lines.map((line) => JSON.parse(line) as Spent);
  }

  add(task: Task, seconds: number, finished: boolean): void {
    const spent = { task: this.#name(task), seconds, finished };
    this.#spent.push(spent);
    mkdirSync(this.folder, { recursive: true });
    appendFileSync(this.#file, `${JSON.stringify(spent)}\n`);
  }

  /** Over all resumes. */
  get totalSeconds(): number {
    return sum(this.#spent.map(({ seconds }) => seconds));
  }

  /** Of one task over all its resumes; null where it has not finished. */
  measured(task: Task): number | null {
    const own = this.#spent.filter((spent) => spent.task === this.#name(task));
    return own.some(({ finished }) => finished) ? sum(own.map(({ seconds }) => seconds)) : null;
  }

  /**
   * What this task will take: the mean of the same stage of the variant under other seeds, else by its steps from all
   * trainings that have finished; null where nothing is known.
   */
  expected(task: Task, all: readonly Task[]): number | null {
    const known = all.flatMap((other) => {
      const seconds = this.measured(other);
      return seconds === null ? [] : [{ other, seconds }];
    });
    const same = known.filter(({ other }) => withoutSeed(other) === withoutSeed(task));
    if (same.length > 0) return mean(same.map(({ seconds }) => seconds));
    if (task.kind === "make") return null;
    const trained = known.flatMap(({ other, seconds }) => (other.kind === "train" ? [{ other, seconds }] : []));
    const steps = sum(trained.map(({ other }) => other.config.train.steps));
    return steps === 0 ? null : (sum(trained.map(({ seconds }) => seconds)) / steps) * task.config.train.steps;
  }

  #name({ path }: Task): string {
    return path.startsWith(this.folder) ? path.slice(this.folder.length + 1) : path;
  }
}

function withoutSeed({ path }: Task): string {
  return path.replace(/seed-\d+/, "seed");
}
