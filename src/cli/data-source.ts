// Files of problems for the verbs that read them one row after the other, with progress: one live line on a terminal,
// plain lines in a pipe.

import type { Command } from "commander";
import { Option } from "commander";
import { type FormatName, formatNames } from "../problems/sources/formats.js";
import { openSource, type SourceItem } from "../problems/sources/source.js";

export function withFormatOption(command: Command): Command {
  return command.addOption(
    new Option("--format <name>", "of the files; default: what their first row looks like").choices(formatNames),
  );
}

const REDRAW_MS = 200;
const LINE_MS = 30_000;

/** Says how far a reading is, now and then. */
export class RowProgress {
  #shownAt = performance.now();

  constructor(private readonly out: NodeJS.WriteStream) {}

  show(text: () => string): void {
    const now = performance.now();
    if (now - this.#shownAt < (this.out.isTTY ? REDRAW_MS : LINE_MS)) return;
    this.#shownAt = now;
    this.out.write(this.out.isTTY ? `\r\u001B[K${text()}` : `${text()}\n`);
  }

  end(): void {
    if (this.out.isTTY) this.out.write("\r\u001B[K");
  }
}

export interface Reading {
  readonly item: SourceItem;
  /** "data/train.parquet: 42 %". */
  readonly place: () => string;
}

/** The rows of several files, one file after the other. @throws UsageError for a file that cannot be read */
export async function* readFiles(files: readonly string[], format: FormatName | undefined): AsyncGenerator<Reading> {
  for (const file of files) {
    const source = await openSource(file, { format });
    const place = (): string => `${file}: ${Math.floor(100 * source.share())} %`;
    for await (const item of source) yield { item, place };
  }
}
