// `coderlplus data check FILE...`: what is wrong with the problems, and a cleaned file. Parses, calls, reports.

import { availableParallelism } from "node:os";
import type { Command } from "commander";
import pc from "picocolors";
import { DataError } from "../core/errors.js";
import { stringifyJson } from "../core/json.js";
import { checkDataSet, isKept } from "../eval/data-set/check.js";
import { CleanedFile } from "../eval/data-set/cleaned-file.js";
import { dateOf, dayFrom } from "../eval/data-set/dates.js";
import { OverlapIndex, overlapDefaults } from "../eval/data-set/overlap.js";
import { type CheckResult, CheckTally } from "../eval/data-set/tally.js";
import { checkFamily } from "../eval/family/family-check.js";
import { judge } from "../judge/judge.js";
import type { Problem } from "../problems/problem.js";
import type { FormatName } from "../problems/sources/formats.js";
import { placeText, type SourceItem } from "../problems/sources/source.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { trace } from "../tracer/tracer.js";
import { RowProgress, readFiles, withFormatOption } from "./data-source.js";
import { positive, share } from "./numbers.js";
import { openSandboxWith, type SandboxFlags, withSandboxOptions } from "./sandbox-options.js";

interface Options extends SandboxFlags {
  readonly against?: readonly string[];
  readonly threshold: number;
  readonly words: number;
  readonly before?: string;
  readonly run: boolean;
  readonly repeats: number;
  readonly out?: string;
  readonly format?: FormatName;
  readonly json?: boolean;
}

export function registerDataCheck(data: Command): void {
  const command = data
    .command("check")
    .description("find wrong references, bad tests, repeated problems and what the evaluation sets hold too")
    .argument("<files...>", "files of problems, in any format that data convert reads")
    .option("--against <files...>", "evaluation sets: whose prompts are in the files?")
    .option(
      "--threshold <share>",
      "of shared runs of words, from which on it is the same problem",
      share,
      overlapDefaults.threshold,
    )
    .option("--words <n>", "words in a run", positive, overlapDefaults.gramWords)
    .option("--before <day>", "first day of the evaluation's problems: none of that day or later belongs here", dayFrom)
    .option("--no-run", "run no programs: structure, repeated problems and evaluation sets only")
    .option("--repeats <n>", "how often a reference that passes is run: it should pass every time", positive, 2)
    .option(
      "--out <file>",
      "write the problems worth keeping; the others go to FILE with .dropped.jsonl for its ending",
    )
    .option("--json", "print the result as one JSON object")
    .addHelpText(
      "after",
      "\nExample:\n  coderlplus data check train.jsonl --against humaneval.jsonl mbpp.jsonl --before 2023-05-01 --out clean.jsonl",
    );
  withSandboxOptions(withFormatOption(command)).action(check);
}

async function check(files: readonly string[], options: Options): Promise<void> {
  const out = options.out === undefined ? null : new CleanedFile(options.out);
  const started = performance.now();
  const tally = new CheckTally();
  let family: readonly CheckResult[] = [];
  const evaluation = await indexOf(options);
  const sandbox = options.run ? await openSandboxWith(options) : null;
  try {
    const members = await checkAll(files, options, { sandbox, evaluation, tally, out });
    if (sandbox && members.length > 0) family = await checkMembers(sandbox, members);
    out?.commit();
  } catch (error) {
    out?.abandon();
    throw error;
  } finally {
    await sandbox?.close();
  }
  const seconds = (performance.now() - started) / 1000;
  const asked = { against: evaluation !== null, before: options.before !== undefined };
  const checks = [...tally.results(asked), ...family];
  const { rows, problems, kept, skipped, programs } = tally;
  const summary: Summary = {
    ok: checks.every(({ failed, drops }) => failed === 0 || !drops),
    files,
    rows,
    problems,
    kept,
    skipped,
    programs,
    programsPerSecond: Math.round(programs / seconds),
    seconds: Math.round(seconds * 10) / 10,
    evaluation: evaluation?.about ?? null,
    checks,
  };
  if (options.json === true) console.log(stringifyJson(summary));
  else console.log(render(summary).join("\n"));
  if (!summary.ok && !out) process.exitCode = 1;
}

interface Summary extends Readonly<Pick<CheckTally, "rows" | "problems" | "kept" | "skipped" | "programs">> {
  readonly ok: boolean;
  readonly files: readonly string[];
  readonly programsPerSecond: number;
  readonly seconds: number;
  readonly evaluation: Evaluation["about"] | null;
  readonly checks: readonly CheckResult[];
}

interface Work {
  readonly sandbox: Sandbox | null;
  readonly evaluation: Evaluation | null;
  readonly tally: CheckTally;
  readonly out: CleanedFile | null;
}

const AHEAD = 8;

/** @returns the problems of the bundled family, of which more is proved */
async function checkAll(
  files: readonly string[],
  options: Options,
  { sandbox, evaluation, tally, out }: Work,
): Promise<Problem[]> {
  const progress = new RowProgress(process.stderr);
  const members: Problem[] = [];
  let place = (): string => "";
  const items = async function* (): AsyncGenerator<SourceItem> {
    for await (const reading of readFiles(files, options.format)) {
      place = reading.place;
      yield reading.item;
    }
  };
  const checks = checkDataSet(items(), {
    run: sandbox && ((problem, program) => judge(sandbox, problem, program)),
    repeats: options.repeats,
    ahead: AHEAD * (options.workers ?? availableParallelism()),
    overlap: evaluation?.index,
    before: options.before,
  });
  for await (const checked of checks) {
    tally.add(checked);
    out?.write(checked);
    if (isKept(checked) && checked.problem?.source === "family") members.push(checked.problem);
    progress.show(() => `${place()}, ${tally.text()}`);
  }
  progress.end();
  return members;
}

async function checkMembers(sandbox: Sandbox, members: readonly Problem[]): Promise<CheckResult[]> {
  const progress = new RowProgress(process.stderr);
  const checks = await checkFamily({ trace: (program, input) => trace(sandbox, program, input) }, members, {
    onProgress: (done, total) => progress.show(() => `comparing references: ${done} of ${total}`),
  });
  progress.end();
  return checks;
}

interface Evaluation {
  readonly index: OverlapIndex;
  readonly about: { readonly problems: number; readonly firstDay: string | null; readonly lastDay: string | null };
}

async function indexOf({ against, words, threshold, format }: Options): Promise<Evaluation | null> {
  if (against === undefined) return null;
  const index = new OverlapIndex({ ...overlapDefaults, gramWords: words, threshold });
  const days: string[] = [];
  for await (const { item } of readFiles(against, format)) {
    if (item.kind === "malformed") {
      throw new DataError(`${placeText(item.where)}: ${item.reason}; an evaluation set must be read whole`);
    }
    if (item.kind !== "problem") continue;
    index.add(item.problem);
    days.push(dateOf(item.problem) ?? "");
  }
  const known = days.filter((day) => day !== "").sort();
  return { index, about: { problems: index.size, firstDay: known[0] ?? null, lastDay: known.at(-1) ?? null } };
}

const SHOWN_FAILURES = 5;

function render({
  checks,
  problems,
  kept,
  rows,
  skipped,
  programs,
  programsPerSecond,
  seconds,
  evaluation,
}: Summary): string[] {
  const lines = checks.flatMap(({ name, checked, failed, drops, failures }) => {
    const mark = failed === 0 ? pc.green("ok  ") : drops ? pc.red("FAIL") : pc.yellow("note");
    const more = failed - Math.min(SHOWN_FAILURES, failures.length);
    return [
      `${mark}  ${name.padEnd(22)} ${String(checked).padStart(7)} checked  ${String(failed).padStart(6)} found`,
      ...failures.slice(0, SHOWN_FAILURES).map((failure) => `      ${failure}`),
      ...(more > 0 ? [`      and ${more} more: see --json or --out`] : []),
    ];
  });
  const other = Object.entries(skipped).map(([reason, count]) => `${count} rows passed over: ${reason}`);
  const days = evaluation?.firstDay ? `, of ${evaluation.firstDay} to ${evaluation.lastDay}` : "";
  return [
    ...lines,
    ...other,
    ...(evaluation ? [`compared with ${evaluation.problems} evaluation problems${days}`] : []),
    `${kept} of ${problems} problems (${rows} rows) are worth keeping; ${seconds} s` +
      (programs > 0 ? `, ${programs} programs run, ${programsPerSecond} a second` : ", no program run"),
  ];
}
