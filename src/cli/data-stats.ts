// `coderlplus data stats FILE...`: what the files hold, as a table or JSON.

import type { Command } from "commander";
import { readTokenizer } from "../engines/embedded/model/tokenizer.js";
import type { Summary } from "../eval/data-set/distribution.js";
import { type DataStats, StatsCounter } from "../eval/data-set/stats.js";
import type { FormatName } from "../problems/sources/formats.js";
import { RowProgress, readFiles, withFormatOption } from "./data-source.js";
import { textTable } from "./table.js";

interface Options {
  readonly model?: string;
  readonly format?: FormatName;
  readonly json?: boolean;
}

export function registerDataStats(data: Command): void {
  withFormatOption(
    data
      .command("stats")
      .description("count problems: lengths, tests, kinds, languages, repeated prompts")
      .argument("<files...>", "files of problems, in any format that data convert reads")
      .option("--model <folder>", "count prompts in this model's tokens too")
      .option("--json", "print the counts as one JSON object")
      .addHelpText("after", "\nExample:\n  coderlplus data stats train.jsonl --model models/Qwen2.5-Coder-1.5B"),
  ).action(stats);
}

async function stats(files: readonly string[], { model, format, json }: Options): Promise<void> {
  const tokenizer = model === undefined ? undefined : readTokenizer(model);
  const counter = new StatsCounter(tokenizer && ((text) => tokenizer.encode(text).length));
  const progress = new RowProgress(process.stderr);
  let rows = 0;
  for await (const { item, place } of readFiles(files, format)) {
    counter.addItem(item);
    rows++;
    progress.show(() => `${place()}, ${rows} rows`);
  }
  progress.end();
  const counted = counter.result();
  console.log(json === true ? JSON.stringify({ files, rows, ...counted }) : table(counted));
}

function table({ lengths, ...counted }: DataStats): string {
  const lines = Object.entries(counted).flatMap(([name, value]) => {
    if (typeof value === "number") return [`${label(name)}${value}`];
    const counts = Object.entries(value as Record<string, number>).sort(([, a], [, b]) => b - a);
    // What every problem is without says nothing.
    if (counts.every(([key]) => key === "(none)")) return [];
    return [`${label(name)}${counts.map(([key, count]) => `${key} ${count}`).join(", ")}`];
  });
  const rows = Object.entries(lengths).flatMap(([name, summary]) =>
    summary === null ? [] : [[words(name), ...cells(summary)]],
  );
  const head = ["length", "mean", "min", "p50", "p90", "p99", "max"];
  return [...lines, "", textTable([head, ...rows])].join("\n");
}

const cells = ({ mean, min, p50, p90, p99, max }: Summary): string[] =>
  [mean, min, p50, p90, p99, max].map((value) => String(Math.round(value * 10) / 10));

const words = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
const label = (name: string): string => words(name).padEnd(30);
