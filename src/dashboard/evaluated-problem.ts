// What a run, or a policy, wrote for one problem of an evaluation, with what was said of it.

import { stringifyJson } from "../core/json.js";
import type { Grade } from "../eval/benchmarks/benchmark.js";
import type { SampleRecord } from "../eval/records.js";
import type { Asked } from "./api/endpoints.js";
import type { EvaluatedProblem } from "./api/runs.js";
import { type EvaluatedStep, evaluatedAt } from "./evaluation-files.js";
import type { ServedFolder } from "./folder.js";
import { RefusedRequest } from "./refusal.js";
import { benchmarkSamples, type FamilySample, familySamples, type ScoreReader } from "./scores.js";

type Written = EvaluatedProblem["completions"];

/** @throws RefusedRequest where the problem was not in the evaluation, DataError where it cannot be read */
export async function evaluatedProblemOf(
  folder: ServedFolder,
  reader: ScoreReader,
  { run, benchmark, step, problem }: Asked<"evaluatedProblem">,
): Promise<EvaluatedProblem> {
  const evaluated = evaluatedAt(folder.placePath(run), run, benchmark, step);
  const found = (await reader.scores(evaluated)).find((each) => each.problem === problem);
  if (!found) {
    throw new RefusedRequest(404, `${run}: ${benchmark} has no problem ${JSON.stringify(problem.slice(0, 200))}`);
  }
  const written = await writtenFor(evaluated, new Set([problem]));
  return { run, benchmark, step, problem, scores: { ...found.scores }, completions: written.get(problem) ?? [] };
}

/** What was written for each of the problems, in one reading. @throws DataError, UsageError naming file, line and field */
export async function writtenFor(
  { info, samples }: EvaluatedStep,
  problems: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Written>> {
  return info === null ? ofRun(samples, problems) : ofPolicy(samples, problems);
}

async function ofRun(samples: string, problems: ReadonlySet<string>): Promise<Map<string, Written>> {
  const written = new Map<string, Written>();
  for await (const sample of familySamples(samples)) {
    if (problems.has(sample.problem)) written.set(sample.problem, writtenIn(sample));
    if (written.size === problems.size) break;
  }
  return written;
}

function writtenIn({ completions, candidates = [] }: FamilySample): Written {
  const answers = Object.entries(completions).map(([question, completion]) => ({
    question,
    prompt: null,
    completion,
    note: "",
  }));
  const programs = candidates.map(({ program, passes, visible, predicted }, i) => ({
    question: i === 0 ? "candidate 1, the greedy one" : `candidate ${i + 1}`,
    prompt: null,
    completion: program ?? "",
    note: [
      ...(program === null ? ["holds no program"] : []),
      passes === null ? "the judge failed" : passes === 1 ? "passes every test" : "fails a test",
      ...(visible === null ? [] : [`passes ${visible} visible tests`]),
      ...(predicted === null ? [] : [`believed to pass ${predicted}`]),
    ].join("; "),
  }));
  return [...answers, ...programs];
}

async function ofPolicy(samples: string, problems: ReadonlySet<string>): Promise<Map<string, Written>> {
  const written = new Map<string, Array<Written[number]>>();
  for await (const sample of benchmarkSamples(samples)) {
    if (!problems.has(sample.task)) continue;
    const own = written.get(sample.task) ?? [];
    written.set(sample.task, own);
    own.push({
      question: `sample ${sample.sample}`,
      prompt: promptText(sample),
      completion: sample.text,
      note: gradeText(sample.grade),
    });
  }
  return written;
}

function promptText({ prompt }: SampleRecord): string {
  if (prompt.kind === "text") return prompt.text;
  return prompt.messages.map(({ role, content }) => `${role}:\n${content}`).join("\n\n");
}

function gradeText({ strict, official }: Grade): string {
  const said = markText(strict);
  const published = markText(official);
  return said === published ? said : `${said}\nas published: ${published}`;
}

function markText(mark: Grade["strict"]): string {
  if (mark.kind !== "wrong") return mark.kind === "right" ? "right" : `not graded: ${mark.message}`;
  const { reason, message, test, expected, got } = mark;
  return [
    `wrong: ${reason}`,
    ...(message === undefined ? [] : [message]),
    ...(test === undefined ? [] : [`test: ${test}`]),
    ...(expected === undefined ? [] : [`expected: ${shown(expected)}`]),
    ...(got === undefined ? [] : [`got: ${shown(got)}`]),
  ].join("\n");
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : stringifyJson(value);
}
