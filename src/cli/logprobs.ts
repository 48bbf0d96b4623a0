// `coderlplus logprobs`: what a checkpoint thinks of a text, token by token, so that others can check it against
// another implementation.

import type { Command } from "commander";
import { UsageError } from "../core/errors.js";
import { readTextOrStandardInput } from "../core/files.js";
import { sum } from "../core/maths.js";
import { openWeights } from "../train/weights.js";
import { weightsAt } from "./weights-at.js";

interface TokenLogprob {
  /** The token's own text; part of a character may show as U+FFFD, special tokens have none. */
  readonly token: string;
  readonly id: number;
  /** Nats, given the tokens before; null for the first. */
  readonly logprob: number | null;
}

export interface TextLogprobs {
  readonly tokens: readonly TokenLogprob[];
  /** Sum over all tokens but the first, nats. */
  readonly total: number;
  /** exp(-total / count); null for a single token. */
  readonly perplexity: number | null;
}

/**
 * @param model  as weights-at.ts reads it
 * @throws UsageError for an empty text; EngineError for a model that cannot be used or a text beyond its context
 */
export async function textLogprobs(model: string, text: string, tokenizer?: string): Promise<TextLogprobs> {
  const onNotice = (notice: string): void => void process.stderr.write(`${notice}\n`);
  const engine = await openWeights(weightsAt(model), { threads: 1, tokenizer, onNotice });
  try {
    const { tokenizer } = engine.model;
    if (text === "") throw new UsageError("the text is empty: there is nothing to score");
    const ids = tokenizer.encode(tokenizer.start + text);
    const [prompt, ...completion] = ids;
    const [scores] = completion.length > 0 ? await engine.logprobs([{ prompt: [prompt], completion }]) : [[]];
    const total = sum(scores);
    return {
      tokens: ids.map((id, at) => ({ token: tokenizer.decode([id]), id, logprob: at === 0 ? null : scores[at - 1] })),
      total,
      perplexity: completion.length > 0 ? Math.exp(-total / completion.length) : null,
    };
  } finally {
    await engine.close();
  }
}

/** @param write  where the result goes */
export function registerLogprobs(
  program: Command,
  write: (text: string) => void = (text) => void process.stdout.write(text),
): void {
  program
    .command("logprobs")
    .description("log-probability of each token of a text under a checkpoint")
    .requiredOption(
      "--model <folder>",
      "a model folder (config.json, model.safetensors, tokenizer.json), a run, bundled, or tinker:NAME",
    )
    .option("--tokenizer <folder>", "of tinker:NAME: a folder, or a name on the hub; default: that of NAME")
    .requiredOption("--text <file>", "UTF-8 text, or - for standard input")
    .option("--json", "one JSON object instead of a table")
    .addHelpText(
      "after",
      "\nExample:\n  coderlplus logprobs --model runs/demo-1/checkpoints/step-000050 --text program.py",
    )
    .action(async (options: { model: string; text: string; tokenizer?: string; json?: boolean }) => {
      const text = readTextOrStandardInput(options.text);
      const result = await textLogprobs(options.model, text, options.tokenizer);
      write(options.json ? `${JSON.stringify(result)}\n` : table(result));
    });
}

function table({ tokens, total, perplexity }: TextLogprobs): string {
  const lines = tokens.map(({ token, id, logprob }) => {
    const value = logprob === null ? "-" : logprob.toFixed(4);
    return `${String(id).padStart(7)}  ${value.padStart(9)}  ${JSON.stringify(token)}`;
  });
  const summary = `total ${total.toFixed(4)} nats, perplexity ${perplexity?.toFixed(3) ?? "-"}, ${tokens.length} tokens`;
  return `${["     id    logprob  token", ...lines, summary].join("\n")}\n`;
}
