// What `coderlplus probe` prints: one table of accuracies and one of differences for each site.

import { meanings } from "../probe/labels.js";
import type { ProbeRecord, ProbeResults } from "../probe/results.js";
import { type Site, sites } from "../probe/rows.js";
import type { Interval } from "../probe/scores.js";
import { signed } from "../runs/comparison-tables.js";
import { fittingTable } from "./table.js";

const about: Readonly<Record<Site, string>> = {
  assignment: "at the end of the statement that assigns the variable last, the input standing above the program",
  question: "at the end of the question for the variable's final value",
  answer: "where the answer to that question is about to give the value",
};

/** Per cent; differences in points. */
export function probeTables(results: ProbeResults): string {
  const { probes, programs, rows, tooLong, withoutRows } = results;
  const leftOut = [
    ...(tooLong > 0 ? [`${tooLong} values left out: their text is beyond a model's context`] : []),
    ...(withoutRows > 0 ? [`${withoutRows} runs left out: they did not end well, or have no variable to ask`] : []),
  ];
  const properties = [...new Set(probes.map(({ property }) => property))];
  return [
    `${rows} final values in ${programs} programs; accuracy in % on programs not fitted on, ${results.settings.seeds.length} splits`,
    ...leftOut,
    ...sites.flatMap((site) =>
      siteTables(
        site,
        probes.filter((probe) => probe.site === site),
      ),
    ),
    "[95 % interval, over programs and models]; * the interval does not hold 0.",
    "majority: the commonest class; bag of tokens: the same probe without a model; selectivity: accuracy above that on",
    "random labels, one a statement; true and other meaning: on programs whose operators were swapped, labels from",
    "the program as it is, and as it would run.",
    ...properties.map((property) => `  ${property}: ${meanings[property]}`),
  ].join("\n");
}

function siteTables(site: Site, probes: readonly ProbeRecord[]): string[] {
  const [first] = probes;
  if (!first) return [];
  const names = first.groups.map(({ name }) => name);
  const accuracies = [
    ["property", "majority", "bag of tokens", ...names],
    ...probes.map(({ property, majority, bagOfTokens, groups }) => [
      property,
      percent(majority),
      percent(bagOfTokens),
      ...groups.map(({ accuracy, spread, models }) =>
        models.length > 1 ? `${percent(accuracy.value)} ± ${percent(spread)}` : percent(accuracy.value),
      ),
    ]),
  ];
  const controls = [
    ["property", ...names.flatMap((name) => [`${name}: selectivity`, "true meaning", "other meaning"])],
    ...probes.map(({ property, groups }) => [
      property,
      ...groups.flatMap(({ selectivity, sameMeaning, otherMeaning }) => [
        signed(selectivity),
        percent(sameMeaning),
        percent(otherMeaning),
      ]),
    ]),
  ];
  const differences = [
    ["property", ...first.differences.map(({ of, to }) => `${of} against ${to}`)],
    ...probes.map(({ property, differences }) => [property, ...differences.map(difference)]),
  ];
  const tables = first.differences.length > 0 ? [accuracies, differences, controls] : [accuracies, controls];
  return ["", `${site}: ${about[site]}`, ...tables.flatMap((table) => [fittingTable(table), ""])];
}

function difference({ value, low, high }: Interval): string {
  const sure = low > 0 || high < 0 ? " *" : "";
  return `${signed(value)} [${signed(low)}, ${signed(high)}]${sure}`;
}

function percent(share: number | null): string {
  return share === null ? "" : (100 * share).toFixed(1);
}
