// What an evaluation has of its samples, kept so that a kill at any moment loses none: while it goes on in a journal,
// where every completion and every grade is a line of its own; at its end in one sorted file. Not here: who is asked,
// nor what a grade says.

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { ShapeError } from "../core/errors.js";
import { appendDurable, dropUnfinishedLine, storing, writeAtomic } from "../core/files.js";
import { sweepTemporary } from "../core/folders.js";
import { stringifyJson } from "../core/json.js";
import { readRecords, toLines } from "../core/jsonl.js";
import type { Grade, PromptStyle, Task } from "./benchmarks/benchmark.js";
import { type EvaluationPaths, journalSchema, sampleSchema } from "./evaluation-files.js";
import type { Completion } from "./policies/policy.js";
import type { EvaluationInfo, SampleRecord } from "./records.js";
import { summarise } from "./report/summary.js";

interface Kept {
  readonly completion: Completion;
  readonly grade: Grade | undefined;
}

type JournalLine = z.output<typeof journalSchema>;

export class SampleStore {
  readonly #paths: EvaluationPaths;
  /** By task, by sample. */
  readonly #kept = new Map<string, Map<number, Kept>>();

  /** Reads what is there; a line that a kill cut short is dropped. @throws DataError for any other damage */
  constructor(folder: string, paths: EvaluationPaths) {
    this.#paths = paths;
    const samples = join(folder, "samples");
    for (const each of [folder, samples]) sweepTemporary(each);
    if (existsSync(paths.samples)) {
      for (const { record } of readRecords(paths.samples, sampleSchema)) {
        this.#set(record.task, record.sample, { completion: completionIn(record), grade: record.grade });
      }
    }
    if (!existsSync(paths.journal)) return;
    dropUnfinishedLine(paths.journal);
    for (const { record } of readRecords(paths.journal, journalSchema)) this.#replay(record);
  }

  get(task: string, sample: number): Kept | undefined {
    return this.#kept.get(task)?.get(sample);
  }

  /** Every sample there is, in no order that means anything. */
  places(): Array<{ readonly task: string; readonly sample: number }> {
    return [...this.#kept].flatMap(([task, samples]) => [...samples.keys()].map((sample) => ({ task, sample })));
  }

  addCompletion(task: string, sample: number, completion: Completion): void {
    this.#append({ kind: "completion", task, sample, ...completionIn(completion) });
    this.#set(task, sample, { completion, grade: undefined });
  }

  addGrade(task: string, sample: number, grade: Grade): void {
    this.#append({ kind: "grade", task, sample, grade });
    this.#set(task, sample, { ...(this.get(task, sample) as Kept), grade });
  }

  /** All are to be graded again; until they are, the evaluation is unfinished. */
  forgetGrades(): void {
    const lines = this.places().map(({ task, sample }): JournalLine => {
      const { completion } = this.get(task, sample) as Kept;
      this.#set(task, sample, { completion, grade: undefined });
      return { kind: "completion", task, sample, ...completion };
    });
    // First: nothing of it is anywhere else once the others are gone.
    writeAtomic(this.#paths.journal, toLines(lines));
    for (const path of [this.#paths.record, this.#paths.samples]) rmSync(path, { force: true });
  }

  /**
   * Puts the samples of these tasks, in this order, into one file in the place of the journal, and the summary beside it.
   *
   * @returns read back from there, so that it is the same however often the evaluation was broken off
   */
  finish(tasks: readonly Task[], info: EvaluationInfo): SampleRecord[] {
    const { prompts, decoding } = info;
    const { record: recordPath, samples: samplesPath, journal } = this.#paths;
    const lines = tasks.flatMap((task) =>
      Array.from({ length: decoding.samples }, (_, sample) =>
        toRecord(task, sample, prompts, this.get(task.id, sample)),
      ),
    );
    writeAtomic(samplesPath, toLines(lines));
    const samples = readRecords(samplesPath, sampleSchema).map(({ record }) => record);
    writeAtomic(recordPath, `${JSON.stringify(summarise(info, samples), null, 2)}\n`);
    storing(journal, () => rmSync(journal, { force: true }));
    return samples;
  }

  #append(line: JournalLine): void {
    appendDurable(this.#paths.journal, `${stringifyJson(line)}\n`);
  }

  #replay(line: JournalLine): void {
    const { task, sample } = line;
    if (line.kind === "completion")
      return this.#set(task, sample, { completion: completionIn(line), grade: undefined });
    const kept = this.get(task, sample);
    if (kept) this.#set(task, sample, { ...kept, grade: line.grade });
  }

  #set(task: string, sample: number, kept: Kept): void {
    let samples = this.#kept.get(task);
    if (!samples) {
      samples = new Map();
      this.#kept.set(task, samples);
    }
    samples.set(sample, kept);
  }
}

function completionIn({ text, stopReason, promptTokens, completionTokens }: Completion): Completion {
  return { text, stopReason, promptTokens, completionTokens };
}

/** Always with its keys in one order, so that bytes do not depend on where it comes from. */
function toRecord(task: Task, sample: number, style: PromptStyle, kept: Kept | undefined): SampleRecord {
  const { id, difficulty, date } = task;
  if (!kept?.grade) throw new ShapeError(`${id}: sample ${sample} is not graded yet`);
  const { extracted, official, strict, cpuMs } = kept.grade;
  return {
    task: id,
    sample,
    ...(difficulty !== undefined && { difficulty }),
    ...(date !== undefined && { date }),
    prompt: task.prompt(style),
    ...completionIn(kept.completion),
    grade: { extracted, official, strict, cpuMs },
  };
}
