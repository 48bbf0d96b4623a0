// The record of a probe: what was asked of which models, and what came out. The command line prints it, `probe.json`
// holds it, `probe.csv` has a line for each model, site and property.

import type { Property } from "./labels.js";
import type { Site } from "./rows.js";
import type { Interval } from "./scores.js";

export interface ProbeResults {
  /** Everything that decides the numbers, beside the models. */
  readonly settings: {
    readonly problems: string;
    readonly problemsSha256: string;
    readonly inputs: number;
    readonly seeds: readonly number[];
  };
  readonly programs: number;
  readonly rows: number;
  /** Runs that gave no rows. */
  readonly withoutRows: number;
  /** Rows left out for all models, because a text is beyond the context of one of them. */
  readonly tooLong: number;
  readonly groups: ReadonlyArray<{ readonly name: string; readonly models: readonly ModelRecord[] }>;
  readonly probes: readonly ProbeRecord[];
}

export interface ModelRecord {
  readonly folder: string;
  readonly identity: string;
  /** Which layers were read. */
  readonly layers: readonly number[];
}

export interface ProbeRecord {
  readonly site: Site;
  readonly property: Property;
  readonly classes: readonly string[];
  readonly rows: number;
  readonly programs: number;
  /** Accuracy of always answering the commonest class. */
  readonly majority: number;
  /** Accuracy of the same probe on counts of the text's tokens. */
  readonly bagOfTokens: number;
  /** Share of classes that are others under another meaning of the operators. */
  readonly otherShare: number | null;
  readonly groups: readonly GroupRecord[];
  /** Every pair of groups, the later against the earlier. */
  readonly differences: readonly DifferenceRecord[];
}

export interface GroupRecord {
  readonly name: string;
  readonly accuracy: Interval;
  /** Standard deviation over the group's models. */
  readonly spread: number;
  readonly macroF1: number;
  readonly randomLabels: number;
  /** accuracy - randomLabels */
  readonly selectivity: number;
  readonly sameMeaning: number | null;
  readonly otherMeaning: number | null;
  readonly models: readonly ModelScores[];
}

interface ModelScores {
  readonly accuracy: number;
  readonly macroF1: number;
  readonly randomLabels: number;
  readonly sameMeaning: number | null;
  readonly otherMeaning: number | null;
  /** The layer chosen in each split. */
  readonly layers: readonly number[];
}

interface DifferenceRecord extends Interval {
  readonly of: string;
  readonly to: string;
}

const COLUMNS = [
  "group,model,site,property,rows,programs,classes,majority,bag_of_tokens",
  "accuracy,macro_f1,random_labels,selectivity,same_meaning,other_meaning,layers",
].join();

/** Shares from 0 to 1; what is undefined is empty. */
export function resultsCsv({ probes, groups }: ProbeResults): string {
  const lines = probes.flatMap((probe) =>
    probe.groups.flatMap(({ name, models }, g) =>
      models.map((scores, m) =>
        [
          quoted(name),
          quoted(groups[g].models[m].folder),
          probe.site,
          probe.property,
          probe.rows,
          probe.programs,
          probe.classes.length,
          probe.majority,
          probe.bagOfTokens,
          scores.accuracy,
          scores.macroF1,
          scores.randomLabels,
          scores.accuracy - scores.randomLabels,
          scores.sameMeaning ?? "",
          scores.otherMeaning ?? "",
          scores.layers.join(" "),
        ].join(),
      ),
    ),
  );
  return `${[COLUMNS, ...lines].join("\n")}\n`;
}

function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
