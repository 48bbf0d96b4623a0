// The formats that are read: by what fields each is known, and which file reads it. One line a format.

import { type Draft, type Row } from "./row.js";

export interface Format {
  /** In a few words, for a person who has to choose. */
  readonly about: string;
  /** Whether a file whose rows have these fields is one of these. */
  readonly matches: (fields: ReadonlySet<string>) => boolean;
  /** The only columns that are read of a Parquet file; all where it does not say. */
  readonly columns?: readonly string[];
  /** @param number  where the row stands, for data sets without names of their own. @throws RowFault */
  readonly problem: (row: Row, number: number) => Draft | Row;
}

const own: Format = {
  about: "problems of this project, one JSON object a line (docs/your-own-problems.md)",
  matches: (fields) => ["id", "language", "prompt", "tests"].every((field) => fields.has(field)),
  problem: (row) => row,
};

/** The first that matches is taken. */
export const formats = { own } as const satisfies Readonly<Record<string, Format>>;

export type FormatName = keyof typeof formats;

export const formatNames = Object.keys(formats) as FormatName[];

export function formatOf(fields: ReadonlySet<string>): FormatName | undefined {
  return formatNames.find((name) => formats[name].matches(fields));
}
