// LiveCodeBench's code generation (Jain et al. 2024, arXiv 2403.07974): problems of contests with the day they were
// published, programs that read and print or define a function. The set is gigabytes of tests: of each problem only what
// prompts need is held, and its tests are read again from the file for every grading.

import type { Problem } from "../../problems/problem.js";
import { livecodebench as format } from "../../problems/sources/livecodebench.js";
import { malformed, nameIn, type Row, textOf } from "../../problems/sources/row.js";
import { readRowAt } from "../../problems/sources/text-rows.js";
import type { Benchmark, Task } from "./benchmark.js";
import { codeTask, judged, problemOf } from "./code-task.js";
import { lastFencedLines, matchCode } from "./published-extraction.js";
import { LIVE_IMPORTS, officialLivePrompt, upstreamLivePrompt } from "./published-prompts.js";
import { blaming, dateIn, type Place, readTaskRows } from "./task-file.js";

const SAMPLING = { samples: 10, temperature: 0.2, topP: 0.95, stop: ["###"] } as const;

export const livecodebench: Benchmark = {
  name: "livecodebench",
  about: "LiveCodeBench release_v4: 713 contest problems of May 2023 to September 2024",
  licence: "CC (variant not named); problem texts belong to their contests",
  file: { kind: "fetched", dataSet: "livecodebench" },
  decoding: {
    official: { ...SAMPLING, maximumTokens: 4096, contextTokens: 4096 },
    upstream: { ...SAMPLING, maximumTokens: 2000 },
  },
  load: (path) => {
    const inTurn = gate(GRADINGS_AT_ONCE);
    return readTaskRows(path, { name: "LiveCodeBench", fields: FIELDS }, (row, place) => taskOf(row, place, inTurn));
  },
};

const FIELDS = ["question_id", "question_content", "public_test_cases", "private_test_cases"];
const PREAMBLE = `${LIVE_IMPORTS}sys.setrecursionlimit(6 * 10**5)\n`;

/** More would wait for the sandbox, and each holds its problem's tests: up to a hundred megabytes. */
const GRADINGS_AT_ONCE = 4;

function taskOf(row: Row, { file, stretch }: Place, inTurn: Gate): Task {
  const id = nameIn(row, "question_id") ?? malformed("question_id", "a name", row["question_id"]);
  // What is packed would take too long to look at before it is needed; all else is to be right before a model is asked.
  textOf(row, "private_test_cases");
  format.problem({ ...row, private_test_cases: "[]" }, 0);
  const question = { content: textOf(row, "question_content"), starterCode: starterOf(row) };
  const read = (): Problem => blaming(`${file}: ${id}`, () => problemIn(stretch ? readRowAt(file, stretch) : row));
  const problem = stretch ? remembered(read) : read;
  return codeTask({
    id,
    ...(typeof row["difficulty"] === "string" && { difficulty: row["difficulty"] }),
    date: dateIn(row, "contest_date"),
    prompts: { official: () => officialLivePrompt(question), upstream: () => upstreamLivePrompt(question) },
    extract: { official: matchCode, upstream: lastFencedLines },
    official: (program, sandbox) => inTurn(() => judged(sandbox, problem(), program, "official")),
    strict: (program, sandbox) => inTurn(() => judged(sandbox, problem(), program)),
  });
}

function starterOf(row: Row): string {
  const text = row["starter_code"] ?? "";
  return typeof text === "string" ? text : malformed("starter_code", "a text", text);
}

/** @throws RowFault, also where there are no tests: the published grader calls that a pass */
function problemIn(row: Row): Problem {
  return problemOf({ ...format.problem(row, 0), preamble: PREAMBLE });
}

/** Made when it is asked for, and kept only as long as somebody holds it: the samples of a task come in a row. */
function remembered<Value extends object>(make: () => Value): () => Value {
  let kept: WeakRef<Value> | undefined;
  return () => {
    const value = kept?.deref() ?? make();
    kept = new WeakRef(value);
    return value;
  };
}

type Gate = <Result>(use: () => Promise<Result>) => Promise<Result>;

/** Lets so many in at once; the others wait, first come, first served. */
function gate(places: number): Gate {
  const waiting: Array<() => void> = [];
  let free = places;
  return async (use) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await use();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
