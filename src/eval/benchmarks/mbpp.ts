// MBPP: short programs from one sentence and three assertions (Austin et al. 2021, arXiv 2108.07732), in its full and its
// sanitized edition. The test split, tasks 11 to 510, is the benchmark.

import { DataError } from "../../core/errors.js";
import { defaultLimits, type Problem } from "../../problems/problem.js";
import { mbpp as full, mbppSanitized as sanitized } from "../../problems/sources/mbpp.js";
import { malformed, optionalText, type Row, textOf, textsOf } from "../../problems/sources/row.js";
import type { Benchmark, Task } from "./benchmark.js";
import { codeTask, judged, presented, problemOf } from "./code-task.js";
import { runScript } from "./marks.js";
import { matchCode } from "./published-extraction.js";
import { MBPP_DONE, type MbppQuestion, mbppQuestion, officialMbppPrompt } from "./published-prompts.js";
import { readTaskRows } from "./task-file.js";

export const mbpp: Benchmark = {
  name: "mbpp",
  about: "MBPP: 500 short Python programs from a sentence and three assertions (tasks 11 to 510)",
  licence: "CC-BY-4.0",
  file: { kind: "bundled", path: "mbpp/mbpp.jsonl.gz" },
  decoding: {
    official: { samples: 1, temperature: 0, topP: 1, maximumTokens: 4096, stop: ["<|eot_id|>"] },
    upstream: { samples: 1, temperature: 0, topP: 1, maximumTokens: 512, stop: [MBPP_DONE] },
  },
  load: (path) => loadMbpp(path, ({ number }) => number >= 11 && number <= 510),
};

const LIMITS = { ...defaultLimits, timeMs: 10_000 };
/** The tasks of the split made for prompts that the paper shows in front of a question. */
const SHOWN = [2, 3, 4];

interface Item extends MbppQuestion {
  readonly id: string;
  readonly number: number;
  readonly code: string;
  readonly setup: string;
  readonly problem: Problem;
}

/** The tasks of either edition that are `wanted`. @throws DataError naming file, line and field */
export async function loadMbpp(path: string, wanted: (item: { readonly number: number }) => boolean): Promise<Task[]> {
  const items = await readTaskRows(path, { name: "MBPP", fields: ["task_id", "code", "test_list"] }, itemOf);
  const examples = SHOWN.map((number) => {
    const item = items.find((one) => one.number === number);
    if (item) return item;
    throw new DataError(`${path}: found no task ${number}; expected the whole set: prompts show tasks 2, 3 and 4`);
  });
  const shown = examples.map((item) => `${mbppQuestion(item)}${item.code}\n${MBPP_DONE}\n`).join("");
  return items.filter(wanted).map((item) => taskOf(item, shown));
}

function itemOf(row: Row): Item {
  const number = row["task_id"];
  if (typeof number !== "number") return malformed("task_id", "a whole number", number);
  const isFull = row["text"] !== undefined;
  return {
    id: `mbpp/${number}`,
    number,
    text: textOf(row, isFull ? "text" : "prompt"),
    code: textOf(row, "code").replaceAll("\r", "").replaceAll("\t", "    "),
    tests: textsOf(row, "test_list"),
    setup: isFull ? (optionalText(row, "test_setup_code") ?? "") : textsOf(row, "test_imports").join("\n"),
    problem: problemOf({ ...(isFull ? full : sanitized).problem(row, 0), limits: LIMITS }),
  };
}

function taskOf(item: Item, shown: string): Task {
  return codeTask({
    id: item.id,
    solution: (style) => (style === "official" ? presented(item.code) : `${item.code}\n`),
    prompts: {
      official: () => officialMbppPrompt(item),
      upstream: () => ({ kind: "text", text: shown + mbppQuestion(item) }),
    },
    extract: { official: matchCode, upstream: (completion) => completion.split(MBPP_DONE, 1)[0].trim() },
    // In this order: the setup of 367 and 927 needs the program's class. The challenge tests are the strict mark's.
    official: (program, sandbox) => runScript(sandbox, [program, item.setup, ...item.tests].join("\n"), LIMITS),
    strict: (program, sandbox) => judged(sandbox, item.problem, program),
  });
}
