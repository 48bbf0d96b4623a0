// An evaluation of one policy on one benchmark: asks for the samples that are missing, grades each as it comes, keeps
// everything at once, and goes on where it was broken off. Not here: what is asked and what an answer is worth
// (benchmarks/), who answers (policies/), the files (sample-store.ts).

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../core/errors.js";
import { storing } from "../core/files.js";
import { releaseLock, takeLock } from "../runs/lock.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import type { Grade, Task } from "./benchmarks/benchmark.js";
import { evaluationPaths } from "./evaluation-files.js";
import type { CompletionRequest, Policy } from "./policies/policy.js";
import type { EvaluationInfo, SampleRecord } from "./records.js";
import { openStore } from "./resuming.js";
import type { SampleStore } from "./sample-store.js";

export interface EvaluationTools {
  /** null where nothing may be asked: what is there is graded. */
  readonly policy: Policy | null;
  readonly sandbox: Sandbox;
}

export interface EvaluationOptions {
  /** Where it is kept. */
  readonly folder: string;
  /** Throw away what is there of this evaluation. */
  readonly fresh?: boolean;
  /** Grade again what is graded already. */
  readonly regrade?: boolean;
  /** Aborted, it asks no more; what is there stays, and the next call goes on from it. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: EvaluationProgress) => void;
}

/** Samples, all of this evaluation. */
export interface EvaluationProgress {
  readonly total: number;
  readonly completed: number;
  /** Of them those that were there before. */
  readonly kept: number;
  readonly graded: number;
  /** Of the completions that came since it began, as far as the policy counts them. */
  readonly tokens: number;
}

/**
 * @param tasks  in the order in which they are kept
 * @returns      all samples; null where the signal ended it
 * @throws UsageError where the folder holds samples of another policy, decoding or data, or of other tasks, and where
 *   another process writes there
 */
export async function evaluate(
  tasks: readonly Task[],
  info: EvaluationInfo,
  tools: EvaluationTools,
  options: EvaluationOptions,
): Promise<readonly SampleRecord[] | null> {
  const { lock } = evaluationPaths(options.folder, info);
  const samples = join(options.folder, "samples");
  storing(samples, () => mkdirSync(samples, { recursive: true }));
  takeLock(samples, lock);
  try {
    const store = openStore(tasks, info, options);
    if (options.regrade) store.forgetGrades();
    await new Evaluation(tasks, info, tools, options, store).run();
    return options.signal?.aborted ? null : store.finish(tasks, info);
  } catch (error) {
    if (options.signal?.aborted) return null;
    throw error;
  } finally {
    releaseLock(samples, lock);
  }
}

/** One pass over what is missing. */
class Evaluation {
  readonly #grading = new Set<Promise<void>>();
  #progress: EvaluationProgress;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly tasks: readonly Task[],
    private readonly info: EvaluationInfo,
    private readonly tools: EvaluationTools,
    private readonly options: EvaluationOptions,
    private readonly store: SampleStore,
  ) {
    const kept = store.places().length;
    const total = tasks.length * info.decoding.samples;
    this.#progress = { total, completed: kept, kept, graded: 0, tokens: 0 };
  }

  async run(): Promise<void> {
    const requests = this.tasks.map((task) => this.#missing(task));
    for (const task of this.tasks) {
      for (let sample = 0; sample < this.info.decoding.samples; sample++) this.#gradeKept(task, sample);
    }
    this.#tell({});
    try {
      await this.#ask(requests);
    } finally {
      // Also where the policy failed: what is asked and paid for is to be graded, unless a person waits.
      while (this.#grading.size > 0 && !this.options.signal?.aborted) await Promise.race(this.#grading);
    }
    if (this.#failure) throw this.#failure.error;
  }

  async #ask(all: readonly CompletionRequest[]): Promise<void> {
    const places = [...all.keys()].filter((place) => all[place].samples.length > 0);
    if (places.length === 0) return;
    const { policy } = this.tools;
    if (!policy) {
      const missing = places.reduce((sum, place) => sum + all[place].samples.length, 0);
      throw new UsageError(
        `${this.info.benchmark}: ${missing} of ${this.#progress.total} completions are missing, and nothing is asked ` +
          "with --regrade; run the evaluation to its end first",
      );
    }
    const requests = places.map((place) => all[place]);
    await policy.complete(
      requests,
      (request, sample, completion) => {
        const task = this.tasks[places[request]];
        this.store.addCompletion(task.id, sample, completion);
        const { completed, tokens } = this.#progress;
        this.#tell({ completed: completed + 1, tokens: tokens + (completion.completionTokens ?? 0) });
        this.#grade(task, sample, completion.text);
      },
      this.options.signal,
    );
  }

  #missing(task: Task): CompletionRequest {
    const { prompts, decoding } = this.info;
    const all = Array.from({ length: decoding.samples }, (_, sample) => sample);
    const samples = all.filter((sample) => !this.store.get(task.id, sample));
    return { task: task.id, prompt: task.prompt(prompts), decoding, samples };
  }

  #gradeKept(task: Task, sample: number): void {
    const kept = this.store.get(task.id, sample);
    if (!kept) return;
    if (kept.grade && !isUngraded(kept.grade)) this.#tell({ graded: this.#progress.graded + 1 });
    else this.#grade(task, sample, kept.completion.text);
  }

  #grade(task: Task, sample: number, text: string): void {
    const grading = this.#gradeOne(task, sample, text)
      .catch((error: unknown) => void (this.#failure ??= { error }))
      .finally(() => this.#grading.delete(grading));
    this.#grading.add(grading);
  }

  async #gradeOne(task: Task, sample: number, text: string): Promise<void> {
    const grade = await task.grade(text, this.info.prompts, this.tools.sandbox);
    // After a stop the sandbox ends under those that run in it.
    if (this.options.signal?.aborted) return;
    this.store.addGrade(task.id, sample, grade);
    this.#tell({ graded: this.#progress.graded + 1 });
  }

  #tell(change: Partial<EvaluationProgress>): void {
    this.#progress = { ...this.#progress, ...change };
    this.options.onProgress?.(this.#progress);
  }
}

/** The grader failed last time. */
function isUngraded({ official, strict }: Grade): boolean {
  return official.kind === "infrastructure" || strict.kind === "infrastructure";
}
