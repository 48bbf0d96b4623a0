import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, describe, expect, it } from "vitest";
import { UsageError } from "../core/errors.js";
import { createTestModel, removeTestModels } from "../engines/embedded/test-model.js";
import { registerLogprobs, type TextLogprobs, textLogprobs } from "./logprobs.js";

afterAll(removeTestModels);

describe("logprobs", () => {
  const { folder } = createTestModel();

  async function run(...args: string[]): Promise<string> {
    const written: string[] = [];
    const program = new Command();
    registerLogprobs(program, (text) => written.push(text));
    await program.parseAsync(["logprobs", "--model", folder, ...args], { from: "user" });
    return written.join("");
  }

  it("gives each token but the first its logprob, their total and the perplexity", async () => {
    const path = join(folder, "program.py");
    writeFileSync(path, "def x(y):\nreturn 42");
    const { tokens, total, perplexity } = JSON.parse(await run("--text", path, "--json")) as TextLogprobs;
    expect(tokens.map(({ token }) => token).join("")).toBe("def x(y):\nreturn 42");
    expect(tokens[0].logprob).toBeNull();
    const logprobs = tokens.slice(1).map(({ logprob }) => logprob as number);
    expect(logprobs.every((logprob) => logprob < 0)).toBe(true);
    expect(total).toBeCloseTo(
      logprobs.reduce((a, b) => a + b, 0),
      10,
    );
    expect(perplexity).toBeCloseTo(Math.exp(-total / logprobs.length), 10);
    expect(await run("--text", path)).toContain('"return"');
  });

  it("has no perplexity for a single token and refuses an empty text", async () => {
    expect(await textLogprobs(folder, "x")).toMatchObject({ total: 0, perplexity: null });
    await expect(textLogprobs(folder, "")).rejects.toThrow(UsageError);
  });
});
