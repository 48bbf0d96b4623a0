// `coderlplus trace`: the final value of every variable of a program.

import { type Command, Option } from "commander";
import { readText, readTextOrStandardInput } from "../core/files.js";
import { stringifyJson } from "../core/json.js";
import type { Language } from "../problems/notation.js";
import { openSandbox } from "../sandbox/sandbox.js";
import { traceRecord } from "../tracer/record.js";
import type { Trace } from "../tracer/trace.js";
import { trace } from "../tracer/tracer.js";
import { historyText } from "./history-text.js";
import { type Screen, traceTable } from "./trace-table.js";

interface Options {
  readonly language?: Language;
  readonly stdin?: string;
  readonly call?: string;
  readonly history?: boolean;
  readonly json?: boolean;
  readonly determinismCheck: boolean;
}

export function registerTrace(program: Command): void {
  program
    .command("trace <file>")
    .description("run a program and show the final value of every variable")
    .addOption(
      new Option("--language <language>", "python, unless the file's name ends in .js, .mjs or .cjs").choices([
        "python",
        "javascript",
      ]),
    )
    .option("--stdin <file>", "its standard input")
    .option("--call <expression>", "evaluate this after the module has run, in its namespace")
    .option("--history", "also record values after each assignment, and lines")
    .option("--json", "print the trace as JSON")
    .option("--no-determinism-check", "do not run it a second time with another hash seed, clock and random bytes")
    .addHelpText("after", "\nExample:\n  coderlplus trace solution.py --call 'f(1, 2)'")
    .action(traceFile);
}

async function traceFile(file: string, options: Options): Promise<void> {
  // Python takes a file with a byte order mark, but not a string with one.
  const program = readText(file).replace(/^\uFEFF/, "");
  const stdin = options.stdin === undefined ? "" : readTextOrStandardInput(options.stdin);
  const sandbox = await openSandbox({ workers: 1, wall: "auto" });
  try {
    const input =
      options.call === undefined
        ? ({ kind: "stdio", stdin } as const)
        : ({ kind: "expression", expression: options.call } as const);
    const { determinismCheck, language = languageOf(file) } = options;
    const history = options.history ? (["steps", "lines"] as const) : undefined;
    const result = await trace(sandbox, program, input, { stdin, language, determinismCheck, history });
    process.stdout.write(options.json ? `${stringifyJson(traceRecord(result))}\n` : toText(result, language));
  } finally {
    await sandbox.close();
  }
}

function languageOf(file: string): Language {
  return /\.[cm]?js$/.test(file) ? "javascript" : "python";
}

function toText(result: Trace, language: Language): string {
  const screen = screenOf(process.stdout);
  const along = result.history === undefined ? "" : historyText(result.history, screen, language);
  return traceTable(result, screen, language) + along;
}

/** A pipe or a file gets whole values. */
function screenOf({ isTTY, columns }: NodeJS.WriteStream): Screen {
  return { width: isTTY ? columns || 80 : null, color: isTTY && process.env["NO_COLOR"] === undefined };
}
