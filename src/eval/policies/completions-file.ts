// Completions made elsewhere, from a file of JSON lines: `{"task": id, "completion": text}`, with "sample" where a task
// has several, else they count in the order of the file. What they were drawn with is not known here.

import { parse } from "node:path";
import { z } from "zod";
import { DataError } from "../../core/errors.js";
import { sha256OfFile } from "../../core/files.js";
import { readRecords } from "../../core/jsonl.js";
import { suggestion } from "../../core/schema.js";
import type { Policy } from "./policy.js";

const text = z.string();
const row = z
  .strictObject({
    task: text.optional(),
    /** As HumanEval's own harness writes it. */
    task_id: text.optional(),
    /** As `judge` reads it. */
    problem: text.optional(),
    completion: text,
    sample: z.int().nonnegative().optional(),
    index: z.int().nonnegative().optional(),
    metadata: z.unknown().optional(),
  })
  .transform(({ task, task_id, problem, completion, sample, index }) => ({
    tasks: [task, task_id, problem].filter((id): id is string => id !== undefined),
    completion,
    sample: sample ?? index,
  }));

export interface CompletionsFile {
  readonly policy: Policy;
  /**
   * Completions a task.
   *
   * @param known  the benchmark's tasks; completions of all of them may be in the file
   * @param asked  those that are evaluated: each needs as many completions as the others
   * @throws DataError for an unknown task, and where a completion is missing
   */
  samplesOf(known: readonly string[], asked: readonly string[]): number;
}

/** In messages. */
const NAMED = 5;
const SUGGESTED_FROM = 1000;
const SHOWN_CHARACTERS = 200;

/** @throws DataError for a malformed line, and for a completion that is there twice */
export function openCompletionsFile(path: string): CompletionsFile {
  const completions = readCompletions(path);
  const policy: Policy = {
    name: parse(path).name,
    identity: { completions: sha256OfFile(path) },
    async complete(requests, onFinished) {
      for (const [place, { task, samples }] of requests.entries()) {
        for (const sample of samples) {
          const text = completions.get(task)?.get(sample)?.completion;
          if (text === undefined) throw new DataError(`${path}: task "${task}": no completion ${sample}`);
          onFinished(place, sample, { text, stopReason: "stop", promptTokens: null, completionTokens: null });
        }
      }
    },
    close: async () => {},
  };
  return {
    policy,
    samplesOf: (known, asked) => {
      checkKnown(path, completions, new Set(known));
      const highest = asked.flatMap((task) => [...(completions.get(task)?.keys() ?? [])]);
      const samples = 1 + highest.reduce((most, sample) => Math.max(most, sample), 0);
      checkComplete(path, completions, asked, samples);
      return samples;
    },
  };
}

/** By task and sample. */
type Completions = ReadonlyMap<string, ReadonlyMap<number, { readonly line: number; readonly completion: string }>>;

function readCompletions(path: string): Completions {
  const completions = new Map<string, Map<number, { line: number; completion: string }>>();
  for (const { line, record } of readRecords(path, row)) {
    const [task, ...more] = record.tasks;
    const fail = (message: string): never => {
      throw new DataError(`${path}:${line}: ${message}`);
    };
    if (task === undefined || more.length > 0) fail('expected one of "task", "task_id" and "problem" to name the task');
    const ofTask = completions.get(task) ?? new Map<number, { line: number; completion: string }>();
    completions.set(task, ofTask);
    const sample = record.sample ?? ofTask.size;
    const before = ofTask.get(sample);
    if (before) fail(`task "${task}": completion ${sample} stands in line ${before.line} already`);
    ofTask.set(sample, { line, completion: record.completion });
  }
  return completions;
}

function checkKnown(path: string, completions: Completions, known: ReadonlySet<string>): void {
  const strange = [...completions].find(([task]) => !known.has(task));
  if (!strange) return;
  const [task, samples] = strange;
  const { line } = [...samples.values()][0];
  const hint = suggestion(task, [...known].slice(0, SUGGESTED_FROM)).slice(0, SHOWN_CHARACTERS);
  throw new DataError(`${path}:${line}: task: the benchmark has no task "${task}"${hint}`);
}

function checkComplete(path: string, completions: Completions, asked: readonly string[], samples: number): void {
  // Never as a list of all: one line of the file may name a sample in the billions.
  const total = asked.length * samples;
  const missing = total - asked.reduce((sum, task) => sum + (completions.get(task)?.size ?? 0), 0);
  if (missing === 0) return;
  const first: string[] = [];
  for (const task of asked) {
    for (let sample = 0; sample < samples && first.length < NAMED; sample++) {
      if (!completions.get(task)?.has(sample)) first.push(samples === 1 ? task : `${task} (${sample})`);
    }
  }
  const more = missing > NAMED ? ` and ${missing - NAMED} more` : "";
  throw new DataError(
    `${path}: ${missing} of ${total} completions are missing: ` +
      `${first.join(", ")}${more}; each of ${asked.length} tasks needs ${samples}`,
  );
}
