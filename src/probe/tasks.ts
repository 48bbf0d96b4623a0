// Which properties can be probed in these rows, and their classes as numbers.

import type { Json } from "../core/json.js";
import { labelOf, type Property, properties } from "./labels.js";
import type { Task } from "./measure.js";
import type { ProbeRow, Site } from "./rows.js";

export interface ProbedProperty {
  readonly property: Property;
  /** The rows that have it, as indices into all rows. */
  readonly rows: readonly number[];
  readonly classes: readonly string[];
  /** Of the rows with a value under another meaning, the share whose class is another one; null where there are none. */
  readonly otherShare: number | null;
}

/** Programs that have a class: two of them in each test part, on average. */
const LEAST_PER_CLASS = 20;

/** Those with at least two classes of at least twenty programs each; classes below that keep their rows. */
export function probedProperties(rows: readonly ProbeRow[]): ProbedProperty[] {
  return properties.flatMap((property) => {
    const labels = rows.map(({ value }) => labelOf(property, value));
    const having = [...rows.keys()].filter((row) => labels[row] !== undefined);
    const classes = [...new Set(having.map((row) => labels[row] ?? ""))].sort();
    const programsOf = (wanted: readonly number[]): number => new Set(wanted.map((row) => rows[row].program)).size;
    const common = classes.filter(
      (name) => programsOf(having.filter((row) => labels[row] === name)) >= LEAST_PER_CLASS,
    );
    if (common.length < 2) return [];
    const others = having.map((row) => otherLabel(property, rows[row].otherValue));
    const differing = others.filter((other, i) => other !== undefined && other !== labels[having[i]]).length;
    const known = others.filter((other) => other !== undefined).length;
    return [{ property, rows: having, classes, otherShare: known === 0 ? null : differing / known }];
  });
}

/** @param lengths  of all rows' texts at this site, in tokens */
export function taskOf(
  { property, rows: having, classes }: ProbedProperty,
  rows: readonly ProbeRow[],
  lengths: readonly number[],
): Task {
  const classOf = (label: string | undefined): number => classes.indexOf(label ?? "");
  return {
    programs: having.map((row) => rows[row].program),
    labels: having.map((row) => classOf(labelOf(property, rows[row].value))),
    classes: classes.length,
    otherLabels: having.map((row) => {
      const label = classOf(otherLabel(property, rows[row].otherValue));
      return label < 0 ? null : label;
    }),
    statements: having.map((row) => rows[row].statement),
    lengths: having.map((row) => lengths[row]),
  };
}

function otherLabel(property: Property, value: Json | undefined): string | undefined {
  return value === undefined ? undefined : labelOf(property, value);
}

export function textsAt(rows: readonly ProbeRow[], site: Site): string[] {
  return rows.map(({ texts }) => texts[site]);
}
