// The flags of `coderlplus eval`, and what they mean.

import { type Command, InvalidArgumentError, Option } from "commander";
import { UsageError } from "../core/errors.js";
import type { PromptStyle } from "../eval/benchmarks/benchmark.js";
import { benchmarks } from "../eval/benchmarks/catalogue.js";
import type { Decoding } from "../eval/policies/policy.js";
import type { TaskSelection } from "../eval/task-selection.js";
import type { PolicyFlags } from "./eval-policy.js";
import { natural, positive, share } from "./numbers.js";
import { type SandboxFlags, withSandboxOptions } from "./sandbox-options.js";

export interface EvalFlags extends PolicyFlags, TaskSelection, Omit<SandboxFlags, "engine"> {
  readonly sandbox: SandboxFlags["engine"];
  readonly prompts: PromptStyle;
  readonly samples?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly maxTokens?: number;
  readonly contextTokens?: number;
  readonly path?: readonly string[];
  readonly out?: string;
  readonly fresh?: boolean;
  readonly regrade?: boolean;
  readonly list?: boolean;
  readonly json?: boolean;
}

export function withEvalOptions(command: Command): Command {
  const options = command
    .option(
      "--engine <folder>",
      "a model folder, a run (its newest checkpoint), the word bundled, or tinker:NAME of a model on a server",
    )
    .option("--tokenizer <folder>", "of tinker:NAME: a folder, or a name on the hub; default: that of NAME")
    .option("--checkpoint <step>", "of the run: a step, or the word best", stepOrBest)
    .option("--endpoint <url>", "an OpenAI-compatible endpoint; default: CODERLPLUS_BASE_URL, else OPENAI_BASE_URL")
    .option("--model <name>", "what the endpoint calls the model")
    .option("--completions <file>", "completions made elsewhere, one JSON object a line")
    .addOption(
      new Option("--prompts <style>", "those of the published CodeRL+ evaluation, or of the benchmark's own harness")
        .choices(["official", "upstream"])
        .default("official"),
    )
    .option("--samples <n>", "completions a task; default: the benchmark's", positive)
    .option("--temperature <t>", "default: the benchmark's; 0 is greedy", temperature)
    .option("--top-p <p>", "default: the benchmark's", share)
    .option("--max-tokens <n>", "of a completion; default: the benchmark's", positive)
    .option(
      "--context-tokens <n>",
      "of prompt and completion; 0: as the model allows; default: the benchmark's",
      natural,
    )
    .option("--seed <n>", "of all draws", natural, 0)
    .option("--limit <n>", "the first n tasks only", positive)
    .option("--difficulty <name>", "tasks of this difficulty only")
    .option("--from <date>", "tasks published on this day or later, YYYY-MM-DD", day)
    .option("--to <date>", "tasks published on this day or before", day)
    .option("--path <[name=]path>", "a benchmark's own file or folder; may be repeated", addTo)
    .option("--concurrency <n>", "requests at an endpoint at once", positive, 16)
    .option("--samples-per-request <n>", "samples of a task that one request to an endpoint asks for", positive, 1)
    .option("--timeout <seconds>", "of one request to an endpoint", positive, 1800)
    .option("--out <folder>", "where samples and results are kept; default: the run's eval, or runs/evaluations/<name>")
    .option("--fresh", "throw away what is there and ask everything anew")
    .option("--regrade", "grade what is there again, and ask nothing")
    .option("--list", "list the benchmarks")
    .option("--json", "print everything as one JSON object");
  return withSandboxOptions(options, "sandbox");
}

/** The benchmark's decoding with what the flags change. */
export function decodingWith(decoding: Decoding, flags: EvalFlags, samples: number | undefined): Decoding {
  const { contextTokens: limit, ...rest } = decoding;
  const contextTokens = flags.contextTokens ?? limit ?? 0;
  return {
    ...rest,
    samples: samples ?? flags.samples ?? decoding.samples,
    temperature: flags.temperature ?? decoding.temperature,
    topP: flags.topP ?? decoding.topP,
    maximumTokens: flags.maxTokens ?? decoding.maximumTokens,
    ...(contextTokens > 0 && { contextTokens }),
  };
}

/**
 * The user's own file of each benchmark, by its name.
 *
 * @param names  the benchmarks asked for; a path without a name is for the only one
 */
export function dataPaths(given: readonly string[], names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    given.map((text) => {
      const name = names.find((each) => text.startsWith(`${each}=`));
      if (name !== undefined) return [name, text.slice(name.length + 1)];
      const other = benchmarks.find((each) => text.startsWith(`${each.name}=`));
      if (other) throw new UsageError(`--path ${text}: ${other.name} is not among the benchmarks to evaluate`);
      if (names.length === 1) return [names[0], text];
      throw new UsageError(`--path ${text}: which benchmark's is it? Expected name=path, such as ${names[0]}=${text}`);
    }),
  );
}

function addTo(value: string, all: readonly string[] = []): string[] {
  return [...all, value];
}

function stepOrBest(text: string): number | "best" {
  return text === "best" ? text : natural(text);
}

function temperature(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && Number.isFinite(value)))
    throw new InvalidArgumentError("expected a number from 0.");
  return value;
}

function day(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(Date.parse(text)))
    throw new InvalidArgumentError("expected a day as YYYY-MM-DD.");
  return text;
}
