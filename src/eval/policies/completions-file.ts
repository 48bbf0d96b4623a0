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
  /** Completions a task. */
  readonly samples: number;
}

const NAMED = 5;

/**
 * @param known  the benchmark's tasks; completions of all of them may be in the file
 * @param asked  those that are evaluated: each needs as many completions as the others
 * @throws DataError for a malformed line, an unknown task, a completion that is there twice or is missing
 */
export function openCompletionsFile(path: string, known: readonly string[], asked: readonly string[]): CompletionsFile {
  const completions = readCompletions(path, new Set(known));
  const samples = Math.max(1, ...asked.map((task) => 1 + Math.max(-1, ...(completions.get(task)?.keys() ?? []))));
  checkComplete(path, completions, asked, samples);
  const policy: Policy = {
    name: parse(path).name,
    identity: { completions: sha256OfFile(path) },
    async complete(requests, onFinished) {
      for (const [place, { task, samples: wanted }] of requests.entries()) {
        for (const sample of wanted) {
          const completion = completions.get(task)?.get(sample)?.completion;
          if (completion === undefined) throw new DataError(`${path}: task "${task}": no completion ${sample}`);
          onFinished(place, sample, { text: completion, stopReason: "stop", promptTokens: null, completionTokens: null });
        }
      }
    },
    close: async () => {},
  };
  return { policy, samples };
}

/** By task and sample. */
type Completions = ReadonlyMap<string, ReadonlyMap<number, { readonly line: number; readonly completion: string }>>;

function readCompletions(path: string, known: ReadonlySet<string>): Completions {
  const completions = new Map<string, Map<number, { line: number; completion: string }>>();
  for (const { line, record } of readRecords(path, row)) {
    const [task, ...more] = record.tasks;
    const fail = (message: string): never => {
      throw new DataError(`${path}:${line}: ${message}`);
    };
    if (task === undefined || more.length > 0) fail('expected one of "task", "task_id" and "problem" to name the task');
    if (!known.has(task)) fail(`task: the benchmark has no task "${task}"${suggestion(task, [...known].slice(0, 1000)).slice(0, 200)}`);
    const ofTask = completions.get(task) ?? new Map<number, { line: number; completion: string }>();
    completions.set(task, ofTask);
    const sample = record.sample ?? ofTask.size;
    const before = ofTask.get(sample);
    if (before) fail(`task "${task}": completion ${sample} stands in line ${before.line} already`);
    ofTask.set(sample, { line, completion: record.completion });
  }
  return completions;
}

function checkComplete(path: string, completions: Completions, asked: readonly string[], samples: number): void {
  const missing = asked.flatMap((task) =>
    Array.from({ length: samples }, (_, sample) => sample).flatMap((sample) =>
      completions.get(task)?.has(sample) ? [] : [samples === 1 ? task : `${task} (${sample})`],
    ),
  );
  if (missing.length === 0) return;
  const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : "";
  throw new DataError(
    `${path}: ${missing.length} of ${asked.length * samples} completions are missing: ` +
      `${missing.slice(0, NAMED).join(", ")}${more}; each of ${asked.length} tasks needs ${samples}`,
  );
}
