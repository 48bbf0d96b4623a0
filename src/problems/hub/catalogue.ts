// The data sets that have a short name here, and where their publishers keep them. A table: repositories, licences and
// sizes are what their pages say; what they contain is theirs.

import { UsageError } from "../../core/errors.js";
import { suggestion } from "../../core/schema.js";

export interface DataSet {
  /** `owner/name` on the hub; of a release, where its publishers keep it. */
  readonly repository: string;
  /** Among which of the hub's repositories; data sets where nothing is said. */
  readonly among?: Shelf;
  /** Of any one file; nothing is fetched where the hub lists a larger one. */
  readonly maximumBytes?: number;
  /** Which of its files are fetched, as globs. */
  readonly files: readonly string[];
  /** As the publisher's page names it; null where nobody here has read it. */
  readonly licence: string | null;
  /** Of the files chosen, as the page shows it, rounded; null where unknown. */
  readonly gigabytes: number | null;
  /** Where it is no repository of the hub, but one file that was published and does not change. */
  readonly release?: Release;
}

/** How a hub sorts its repositories. */
export type Shelf = "datasets" | "models";

export interface Release {
  readonly url: string;
  readonly version: string;
  readonly bytes: number;
  readonly sha256: string;
}

export const dataSets: Readonly<Record<string, DataSet>> = {
  eurus: { repository: "PRIME-RL/Eurus-2-RL-Data", files: ["**/*.parquet"], licence: "MIT", gigabytes: 1.8 },
  coderlplus: { repository: "xueniki/data_CodeRLPLUS", files: ["**/*.parquet"], licence: null, gigabytes: null },
  taco: { repository: "BAAI/TACO", files: ["ALL/*.parquet"], licence: "Apache-2.0", gigabytes: null },
  apps: { repository: "codeparrot/apps", files: ["*.jsonl"], licence: "MIT", gigabytes: 1.4 },
  codecontests: {
    repository: "deepmind/code_contests",
    files: ["data/*.parquet"],
    licence: "CC-BY-4.0",
    gigabytes: 7.6,
  },
  livecodebench: {
    repository: "livecodebench/code_generation_lite",
    // release_v4, which evaluations of this time report; test5 and test6 are later problems.
    files: ["test.jsonl", "test2.jsonl", "test3.jsonl", "test4.jsonl"],
    licence: "CC (variant not named)",
    gigabytes: 3.8,
  },
  mbpp: {
    repository: "google-research-datasets/mbpp",
    files: ["full/*.parquet"],
    licence: "CC-BY-4.0",
    gigabytes: null,
  },
  humaneval: { repository: "openai/openai_humaneval", files: ["**/*.parquet"], licence: "MIT", gigabytes: 0.0001 },
  // Their copies on the hub lack the inputs that EvalPlus calls programs with.
  "humaneval-plus": {
    repository: "evalplus/humanevalplus_release",
    files: ["HumanEvalPlus.jsonl.gz"],
    licence: "Apache-2.0",
    gigabytes: 0.0009,
    release: {
      url: "https://github.com/evalplus/humanevalplus_release/releases/download/v0.1.10/HumanEvalPlus.jsonl.gz",
      version: "v0.1.10",
      bytes: 925_932,
      sha256: "272720b90ac375502c8ed23cd791c2a93dfb22a911641a494da74a426c09f101",
    },
  },
  "mbpp-plus": {
    repository: "evalplus/mbppplus_release",
    files: ["MbppPlus.jsonl.gz"],
    licence: "Apache-2.0",
    gigabytes: 0.0003,
    release: {
      url: "https://github.com/evalplus/mbppplus_release/releases/download/v0.2.0/MbppPlus.jsonl.gz",
      version: "v0.2.0",
      bytes: 336_032,
      sha256: "af43697e8791c4c149bdfd6b489d8b5412507551ac20e28a439f650b8225db63",
    },
  },
  cruxeval: { repository: "cruxeval-org/cruxeval", files: ["test.jsonl"], licence: "MIT", gigabytes: 0.0002 },
  // These two under the names that the paper gives its benchmarks.
  "code-reasoning": {
    repository: "livecodebench/execution-v2",
    files: ["**/*.parquet", "**/*.jsonl"],
    licence: "CC (variant not named)",
    gigabytes: 0.0001,
  },
  "test-output": {
    repository: "livecodebench/test_generation",
    files: ["**/*.parquet", "**/*.jsonl"],
    licence: "CC (variant not named)",
    gigabytes: 0.0001,
  },
  // A copy that others made of what DeepSeek-Coder's evaluation carries; the problem texts are LeetCode's.
  leetcode: {
    repository: "TechxGenus/LeetCode-Contest",
    files: ["20240121-Jul.jsonl"],
    licence: "DeepSeek licence (other); problem texts belong to LeetCode",
    gigabytes: 0.003,
  },
};

/** What a data set of no short name is read from: the forms that `data convert` knows. */
const READABLE = ["**/*.parquet", "**/*.jsonl", "**/*.jsonl.gz", "**/*.json"];
const PART = /^[A-Za-z0-9_][\w.-]*$/;

/** @throws UsageError for what is neither a short name nor `owner/name` */
export function dataSetNamed(name: string): DataSet {
  if (Object.hasOwn(dataSets, name)) return dataSets[name];
  if (isRepository(name)) return { repository: name, files: READABLE, licence: null, gigabytes: null };
  const names = Object.keys(dataSets);
  throw new UsageError(
    `${JSON.stringify(name)}${suggestion(name, names)}: expected owner/name on the hub, or one of ${names.join(", ")}`,
  );
}

/** Whether it is `owner/name`, and nothing that becomes another address. */
export function isRepository(name: string): boolean {
  const parts = name.split("/");
  return parts.length === 2 && parts.every((part) => PART.test(part));
}
