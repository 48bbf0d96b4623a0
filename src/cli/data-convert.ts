// `data convert`: files of public data sets as one file of problems. Parses flags, calls one function, reports.

import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { UsageError } from "../core/errors.js";
import { AtomicFile, ensureWritable } from "../core/files.js";
import { stringifyJson } from "../core/json.js";
import { type Conversion, type ConvertProgress, convertFiles } from "../problems/sources/convert.js";
import { type FormatName, formatNames } from "../problems/sources/formats.js";
import { positive } from "./numbers.js";
import { textTable } from "./table.js";

export function registerDataConvert(data: Command): void {
  data
    .command("convert")
    .description("make problems of files of public data sets (docs/data.md), read as a stream")
    .argument("<files...>", "JSON lines, JSON arrays or Parquet, zipped or not")
    .requiredOption("--out <file>", "where to write the problems; - is standard output")
    .addOption(new Option("--format <name>", "what the files are (default: found out)").choices(formatNames))
    .option("--limit <n>", "stop after so many problems", positive)
    .option("--where <key=value>", "only problems with this in metadata, source, language or license", keyValue)
    .option("--license <text>", "for problems whose data set names none")
    .option("--strict", "end at the first row that cannot be read")
    .option("--json", "print a summary as one JSON object (needs --out FILE)")
    .addHelpText("after", "\nExample:\n  coderlplus data convert train-*.parquet --out problems.jsonl")
    .action(convert);
}

interface Flags {
  readonly out: string;
  readonly format?: FormatName;
  readonly limit?: number;
  readonly where?: { readonly key: string; readonly value: string };
  readonly license?: string;
  readonly strict?: boolean;
  readonly json?: boolean;
}

async function convert(files: readonly string[], { out, json, ...options }: Flags): Promise<void> {
  if (json === true && out === "-") {
    throw new UsageError("--json prints a summary on standard output, where the problems go: name a file with --out");
  }
  const startedAt = performance.now();
  const target = out === "-" ? null : opened(out);
  const progress = new Ticker(process.stderr, startedAt);
  const write = (text: string): void => {
    if (target) target.write(text);
    else process.stdout.write(text);
  };
  try {
    const conversion = await convertFiles(files, { ...options, onProgress: (now) => progress.show(now) }, (problem) =>
      write(`${stringifyJson(problem)}\n`),
    );
    progress.end();
    target?.commit();
    const seconds = Math.round(performance.now() - startedAt) / 1000;
    if (json === true) console.log(stringifyJson({ out, ...conversion, seconds }));
    else process.stderr.write(report(conversion, out, seconds));
  } catch (error) {
    progress.end();
    target?.abandon();
    throw error;
  }
}

function opened(out: string): AtomicFile {
  mkdirSync(dirname(resolve(out)), { recursive: true });
  ensureWritable(out);
  return new AtomicFile(out);
}

function report({ formats, rows, problems, leftOut }: Conversion, out: string, seconds: number): string {
  const lines = [
    `${problems} problems of ${rows} rows (${[...new Set(formats)].join(", ")}) in ${seconds.toFixed(1)} s: ${out}`,
  ];
  if (leftOut.length > 0) {
    const cells = leftOut.map(({ kind, reason, rows: count, first }) => [
      String(count),
      kind,
      reason,
      first.slice(0, 120),
    ]);
    lines.push(textTable([["rows", "left out", "why", "the first"], ...cells]));
  }
  if (leftOut.some(({ kind }) => kind === "malformed"))
    lines.push("malformed rows were passed over; --strict ends at the first");
  return `${lines.join("\n")}\n`;
}

const REDRAW_MS = 200;
const LINE_MS = 10_000;

/** One live line on a terminal, now and then a plain one in a pipe. */
class Ticker {
  #shownAt: number;
  #shown = "";

  constructor(
    private readonly out: NodeJS.WriteStream,
    private readonly startedAt: number,
  ) {
    this.#shownAt = startedAt;
  }

  show({ rows, problems, share }: ConvertProgress): void {
    const now = performance.now();
    if (now - this.#shownAt < (this.out.isTTY ? REDRAW_MS : LINE_MS)) return;
    this.#shownAt = now;
    const seconds = (now - this.startedAt) / 1000;
    const left = share > 0 ? Math.round((seconds * (1 - share)) / share) : 0;
    const text = `${rows} rows, ${problems} problems, ${Math.round(rows / seconds)} rows/s, ${left} s left`;
    this.out.write(this.out.isTTY ? `\r${text.padEnd(this.#shown.length)}` : `${text}\n`);
    this.#shown = text;
  }

  end(): void {
    if (this.out.isTTY && this.#shown !== "") this.out.write(`\r${" ".repeat(this.#shown.length)}\r`);
    this.#shown = "";
  }
}

function keyValue(text: string): { key: string; value: string } {
  const [key, ...value] = text.split("=");
  if (!key || value.length === 0) throw new InvalidArgumentError("expected key=value, as in difficulty=EASY.");
  return { key, value: value.join("=") };
}
