// The probe end to end, on the bundled model and a few programs of the bundled family.

import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openEmbedded } from "../engines/embedded/embedded.js";
import { readProblems } from "../problems/problem.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { probe } from "./probe.js";
import { resultsCsv } from "./results.js";
import { probedPrograms } from "./rows.js";
import { hiddenStatesOf, type ProbedModel, probedLayers } from "./states.js";

const asset = (name: string): string => fileURLToPath(new URL(`../../assets/${name}`, import.meta.url));
const list = readProblems(asset("family/held-out.jsonl")).slice(0, 40);
const folder = mkdtempSync(join(tmpdir(), "coderlplus-probe-"));

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

function bundledModel(name: string, identity = "bundled"): ProbedModel & { opened: number } {
  const model = { name, folder: "bundled", identity, opened: 0 };
  const open = (): ReturnType<typeof openEmbedded> => {
    model.opened++;
    return openEmbedded({ model: asset("model"), threads: 1 });
  };
  return Object.assign(model, { open });
}

test("values are those of the trace, and each text ends where it says", async () => {
  const [first] = list;
  const { rows } = await probedPrograms([first], 1, sandbox);
  expect(first.reference).toBe("def f(x):\n    a = x[1:]\n    b = len(a)\n    return b");
  expect(rows.map(({ variable, value, statement }) => ({ variable, value, statement }))).toEqual([
    { variable: "f.a", value: [5, 9, 9], statement: "a = x[1:]" },
    { variable: "f.b", value: 3, statement: "b = len(a)" },
  ]);
  const question = `${first.reference}\n# f([2, 5, 9, 9]) -> f.a, output\n`;
  expect(rows[0].texts).toEqual({
    assignment: "# f([2, 5, 9, 9])\ndef f(x):\n    a = x[1:]",
    question,
    answer: `${question}{"variables": {"f.a": `,
  });
});

test("one program under two ids is one, so that no split has it on both sides", async () => {
  const copy = { ...list[0], id: "copy", reference: `${list[0].reference}\n` };
  const { rows, programs } = await probedPrograms([list[0], copy], 1, sandbox);
  expect(programs).toBe(1);
  expect(rows.map(({ program }) => program)).toEqual(rows.map(() => list[0].id));
});

test("under another meaning of the operators the same variables have other values", async () => {
  const { rows } = await probedPrograms(list.slice(0, 24), 1, sandbox);
  const comparable = rows.filter(({ otherValue }) => otherValue !== undefined);
  const differing = comparable.filter((row) => JSON.stringify(row.otherValue) !== JSON.stringify(row.value));
  expect(comparable.length).toBeGreaterThan(15);
  expect(differing.length / comparable.length).toBeGreaterThan(0.5);
});

test("layers are spread over the depth, none twice", () => {
  expect(probedLayers(3)).toEqual([0, 1, 2, 3]);
  expect(probedLayers(24)).toEqual([0, 6, 12, 18, 24]);
});

test("states are those of the text's last token, read once and found again", async () => {
  const model = bundledModel("model");
  const texts = ["# f([1])\ndef f(x):\n    a = x", "x".repeat(300)];
  const read = await hiddenStatesOf(model, texts, folder, () => {});
  const engine = await model.open();
  const tokens = engine.model.tokenizer.encode(texts[0]);
  const [states] = await engine.hiddenStates([{ tokens, positions: [tokens.length - 1] }], read.layers);
  await engine.close();
  expect(read.matrices.map(({ values, columns }) => values.slice(0, columns))).toEqual(states);
  // Beyond the context of 256 tokens.
  expect(read.tokens[1]).toEqual([]);
  model.opened = 0;
  expect(await hiddenStatesOf(model, texts, folder, () => {})).toEqual(read);
  expect(model.opened).toBe(0);
});

test("a probe of the bundled model has every control, and the same again from what it kept", async () => {
  const options = { problems: { path: "held-out", sha256: "0", list }, inputs: 1, seeds: [0], folder };
  const models = [bundledModel("base"), bundledModel("other", "the same under another hash"), bundledModel("other")];
  const results = await probe(models, options, sandbox);
  expect(results.groups.map(({ name, models: members }) => [name, members.length])).toEqual([
    ["base", 1],
    ["other", 2],
  ]);
  const type = results.probes.find(({ site, property }) => site === "answer" && property === "type");
  expect(type?.classes).toEqual(["int", "list"]);
  // What type of value comes next is known to a model that is about to write it.
  expect(type?.groups[0].accuracy.value).toBeGreaterThan((type?.majority ?? 1) + 0.2);
  for (const { groups, differences, rows } of results.probes) {
    const [one, two] = groups.map(({ accuracy, macroF1, spread }) => ({ value: accuracy.value, macroF1, spread }));
    expect(one).toEqual(two);
    expect(groups[0].accuracy.low).toBeLessThanOrEqual(groups[0].accuracy.high);
    expect(differences).toEqual([{ of: "other", to: "base", value: 0, low: 0, high: 0 }]);
    expect(groups[0].models[0].layers.every((layer) => [0, 1, 2, 3].includes(layer))).toBe(true);
    expect(rows).toBeGreaterThan(10);
  }
  const csv = resultsCsv(results).trimEnd().split("\n");
  expect(csv).toHaveLength(1 + 3 * results.probes.length);
  expect(new Set(csv.map((line) => line.split(",").length)).size).toBe(1);

  const written = (): number[] =>
    readdirSync(join(folder, "fits")).map((name) => statSync(join(folder, "fits", name)).mtimeMs);
  const before = written();
  const again = models.map(({ name, identity }) => bundledModel(name, identity));
  expect(await probe(again, options, sandbox)).toEqual(results);
  expect(again.map(({ opened }) => opened)).toEqual([0, 0, 0]);
  expect(written()).toEqual(before);
});

test("problems that give nothing to probe are refused with what was expected", async () => {
  const options = {
    problems: { path: "few.jsonl", sha256: "0", list: list.slice(0, 2) },
    inputs: 1,
    seeds: [0],
    folder,
  };
  const model = bundledModel("base");
  await expect(probe([model], options, sandbox)).rejects.toThrow(
    /few\.jsonl: found \d+ final values .*expected Python problems with a reference program/,
  );
  expect(model.opened).toBe(0);
});
