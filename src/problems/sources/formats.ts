// The formats that are read: by what fields each is known, and which file reads it. One line a format.

import { apps, taco } from "./apps.js";
import { codecontests } from "./codecontests.js";
import { cruxeval } from "./cruxeval.js";
import { humaneval, humanevalplus } from "./humaneval.js";
import { livecodebench, livecodebenchSamples } from "./livecodebench.js";
import { mbpp, mbppplus, mbppSanitized } from "./mbpp.js";
import { prime } from "./prime.js";
import type { Draft, Row } from "./row.js";
import { verificationInfo } from "./verification-info.js";

export interface Format {
  /** In a few words, for a person who has to choose. */
  readonly about: string;
  /** Whether a file whose rows have these fields is one of these. */
  readonly matches: (fields: ReadonlySet<string>) => boolean;
  /** The only columns that are read of a Parquet file; all where it does not say. */
  readonly columns?: readonly string[];
  /** @param index  of the row, from 0, for data sets without names of their own. @throws RowFault */
  readonly problem: (row: Row, index: number) => Draft | Row;
}

const own: Format = {
  about: "problems of this project, one JSON object a line (docs/your-own-problems.md)",
  // Not all that is required: what is missing in the first row is then said of that row, and not of the format.
  matches: (fields) => fields.has("prompt") && fields.has("tests"),
  problem: (row) => row,
};

/** The first that matches is taken. */
export const formats = {
  own,
  prime,
  taco,
  apps,
  codecontests,
  livecodebench,
  "livecodebench-samples": livecodebenchSamples,
  humanevalplus,
  humaneval,
  mbpp,
  "mbpp-sanitized": mbppSanitized,
  mbppplus,
  cruxeval,
  "open-r1": verificationInfo,
} as const satisfies Readonly<Record<string, Format>>;

export type FormatName = keyof typeof formats;

export const formatNames = Object.keys(formats) as FormatName[];

export function formatOf(fields: ReadonlySet<string>): FormatName | undefined {
  return formatNames.find((name) => formats[name].matches(fields));
}
