// Completions for evaluation: greedy, or seeded by the prompt's place alone, so that every run is asked alike.

import type { Engine, SampleRequest } from "../../engines/engine.js";

/** One greedy completion a prompt; with `stop`, up to the first of its tokens. Empty where the prompt does not fit. */
export async function completeAll(
  engine: Engine,
  prompts: readonly string[],
  maximumTokens: number,
  stop?: string,
): Promise<string[]> {
  const stopIds = stop === undefined ? [] : engine.model.tokenizer.encode(stop);
  const groups = await drawAll(engine, prompts, { count: 1, temperature: 0, maximumTokens, seed: "greedy", stopIds });
  return groups.map(([text]) => text ?? "");
}

export interface Draw {
  readonly count: number;
  readonly temperature: number;
  readonly maximumTokens: number;
  readonly seed: string;
  readonly stopIds?: readonly number[];
}

/** `count` completions a prompt. */
export async function drawAll(engine: Engine, prompts: readonly string[], draw: Draw): Promise<string[][]> {
  const { tokenizer, contextLength } = engine.model;
  const requests = prompts.map((text, index): SampleRequest & { index: number } => {
    const prompt = tokenizer.encode(text);
    const seeds = Array.from({ length: draw.count }, (_, i) => JSON.stringify(["evaluation", draw.seed, index, i]));
    const maxTokens = Math.min(draw.maximumTokens, contextLength - prompt.length);
    return {
      prompt,
      count: draw.count,
      maxTokens,
      temperature: draw.temperature,
      seeds,
      stopIds: draw.stopIds ?? [],
      index,
    };
  });
  const fitting = requests.filter(({ prompt, maxTokens }) => prompt.length > 0 && maxTokens > 0);
  const samples = await engine.sample(fitting);
  const texts: string[][] = prompts.map(() => []);
  for (const [i, { index }] of fitting.entries())
    texts[index] = (samples[i] ?? []).map(({ tokens }) => tokenizer.decode(tokens));
  return texts;
}
