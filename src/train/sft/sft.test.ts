import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mean, sum } from "../../core/maths.js";
import { type EmbeddedEngine, openEmbedded } from "../../engines/embedded/embedded.js";
import type { ModelInfo } from "../../engines/engine.js";
import { bundled } from "../../problems/bundled.js";
import { readProblems } from "../../problems/problem.js";
import { continuation } from "../../prompts/continuation.js";
import { resolveConfig } from "../config/resolve.js";
import { Demonstrations } from "./demonstrations.js";
import { learn, supervisedDatums, withSteps } from "./supervised.js";

const folder = mkdtempSync(join(tmpdir(), "coderlplus-sft-"));
let files = 0;

function written(...lines: readonly unknown[]): string {
  const path = join(folder, `${files++}.jsonl`);
  writeFileSync(path, lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"));
  return path;
}

function references(split: "train" | "held-out", count: number): string {
  const problems = readProblems(bundled("bundled", split)).slice(0, count);
  const rows = problems.map((problem) => ({
    prompt: continuation.code(problem),
    answer: problem.reference?.slice(problem.starterCode?.length),
  }));
  return written(...rows);
}

let engine: EmbeddedEngine;
let model: ModelInfo;
beforeAll(async () => {
  engine = await openEmbedded({ model: bundled("bundled", "model"), threads: 1 });
  model = engine.model;
});
afterAll(() => engine.close());

const open = (path: string, maximumTokens: number | null = null, info = model): Promise<Demonstrations> =>
  Demonstrations.open(path, info, { maximumTokens, seed: 0 });

describe("a file of demonstrations", () => {
  const good = { prompt: "# add 1\ndef f(x):", answer: "\n    a = x + 1\n    return a" };

  it("gives prompt and answer as a rollout has them, with the token that ends the answer", async () => {
    const { tokenizer } = model;
    const [sequence] = (await open(written(good))).batch(0, 1);
    expect(sequence.prompt).toEqual(tokenizer.encode(good.prompt));
    expect(sequence.answer).toEqual([...tokenizer.encode(good.answer), tokenizer.endIds[0]]);
  });

  it("begins a prompt with the model's start token, once", async () => {
    const begins = { ...model, tokenizer: { ...model.tokenizer, start: "def" } };
    const [added, kept] = [written(good), written({ ...good, prompt: `def${good.prompt}` })];
    const [a, b] = await Promise.all([added, kept].map((path) => open(path, null, begins)));
    expect(a.batch(0, 1)).toEqual(b.batch(0, 1));
  });

  it("puts messages through the model's chat template and learns the last", async () => {
    const chat = (messages: ReadonlyArray<{ role: string; content: string }>): string =>
      messages.map(({ content }) => `# ${content}\n`).join("");
    const messages = ["x", "f", "y"].map((content, i) => ({ role: i % 2 === 0 ? "user" : "assistant", content }));
    const path = written({ messages: [...messages, { role: "assistant", content: "def" }] });
    const [sequence] = (await open(path, null, { ...model, tokenizer: { ...model.tokenizer, chat } })).batch(0, 1);
    expect(model.tokenizer.decode(sequence.prompt)).toBe("# x\n# f\n# y\n");
    expect(model.tokenizer.decode(sequence.answer)).toBe("def");
    await expect(open(path)).rejects.toThrow(`${path}:1: messages need a chat template`);
  });

  it("takes every one once an epoch, in another order each, and the same for the same seed", async () => {
    const rows = Array.from({ length: 7 }, (_, i) => ({ prompt: `${i}`, answer: `${i}` }));
    const demonstrations = await open(written(...rows));
    const epoch = (n: number): string[] =>
      demonstrations.batch(7 * n, 7).map(({ prompt }) => model.tokenizer.decode(prompt));
    const [first, second] = [epoch(0), epoch(1)];
    expect(first.toSorted()).toEqual(rows.map(({ prompt }) => prompt));
    expect(second.toSorted()).toEqual(rows.map(({ prompt }) => prompt));
    expect(second).not.toEqual(first);
    expect(epoch(0)).toEqual(first);
    const across = demonstrations.batch(5, 4).map(({ prompt }) => model.tokenizer.decode(prompt));
    expect(across).toEqual([...first.slice(5), ...second.slice(0, 2)]);
  });

  it("counts and leaves out what is too long", async () => {
    const long = { prompt: good.prompt, answer: good.answer.repeat(40) };
    const path = written(long, good, long);
    expect(await open(path)).toMatchObject({ size: 1, tooLong: 2 });
    await expect(open(path, 5)).rejects.toThrow("every one of its 3 demonstrations is over 5 tokens");
  });

  it.each([
    ["an unknown key", { promt: "a", answer: "b" }, 'unknown key "promt" (did you mean "prompt"?)'],
    ["no answer", { prompt: "a" }, 'expected "prompt" and "answer" together'],
    [
      "both forms",
      {
        ...good,
        messages: [
          { role: "user", content: "a" },
          { role: "assistant", content: "b" },
        ],
      },
      "expected either",
    ],
    ["an empty prompt", { prompt: "", answer: "b" }, "prompt: expected some text"],
    [
      "no answer at the end",
      {
        messages: [
          { role: "assistant", content: "a" },
          { role: "user", content: "b" },
        ],
      },
      "expected the last",
    ],
    ["another type", { prompt: 3, answer: "b" }, "prompt: "],
    ["no JSON", '{"prompt": ', "not JSON"],
  ])("names file and line of %s", async (_, line, message) => {
    const path = written({ ...good, metadata: { any: ["thing"] } }, "", line);
    const error = await open(path).then(
      () => "nothing",
      (thrown: Error) => thrown.message,
    );
    expect(error).toContain(`${path}:3: `);
    expect(error).toContain(message);
  });

  it("says so where there is none, or where lines cannot be read in any order", async () => {
    await expect(open(written(""))).rejects.toThrow("no demonstrations in it");
    await expect(open(`${folder}/x.jsonl.gz`)).rejects.toThrow("is compressed");
  });
});

describe("a supervised config", () => {
  const supervised = { data: "d.jsonl" };

  it("refuses what only reinforcement reads", () => {
    expect(() => resolveConfig({ supervised, alignment: { share: 0 } }, "here")).toThrow(
      "here: alignment means nothing to a supervised run; leave it out",
    );
    expect(() => resolveConfig({ supervised, train: { epochs: 2 } }, "here")).toThrow("set supervised.epochs instead");
    expect(() => resolveConfig({ supervised: { ...supervised, epochs: 2 }, train: { steps: 2 } }, "here")).toThrow(
      "both say how long",
    );
    expect(resolveConfig({ supervised, rollouts: { maximumTokens: 9 } }, "here").rollouts.maximumTokens).toBe(9);
  });

  it("turns epochs into steps, the last of them partly in the next epoch", () => {
    const config = resolveConfig({ supervised: { ...supervised, epochs: 1.5, batch: 8 } }, "here");
    const settled = withSteps(config, 100);
    expect(settled.train.steps).toBe(19);
    expect(settled.supervised?.epochs).toBeNull();
    expect(settled.optimizer.warmUpSteps).toBe(5);
    expect(withSteps(config, 10).optimizer.warmUpSteps).toBe(1);
    expect(withSteps(settled, 1000)).toBe(settled);
  });
});

describe("supervised training", () => {
  it("weighs each answer token of a batch alike, and no token of a prompt", async () => {
    const batch = (await open(references("train", 8))).batch(0, 4);
    const datums = supervisedDatums(batch);
    expect(sum(datums.map(({ weights }) => sum(weights)))).toBeCloseTo(1, 6);
    expect(new Set(datums.flatMap(({ weights }) => [...weights])).size).toBe(1);
    expect(datums.map(({ completion }) => completion)).toEqual(batch.map(({ answer }) => answer));
  });

  it("halves the loss on programs that it was not shown, of compositions that it was not shown", async () => {
    const [shown, heldOut] = await Promise.all([open(references("train", 512)), open(references("held-out", 64))]);
    const unseen = heldOut.batch(0, 64).map(({ prompt, answer }) => ({ prompt, completion: answer }));
    const loss = async (): Promise<number> => -mean((await engine.logprobs(unseen)).flatMap((row) => [...row]));
    const before = await loss();
    const config = resolveConfig({ supervised: { data: "shown" }, optimizer: { learningRate: 1e-3 } }, "test");
    for (let step = 1; step <= 12; step++) await learn(engine, shown.batch(32 * (step - 1), 32), config, step);
    expect(await loss()).toBeLessThan(before / 2);
  });
});
