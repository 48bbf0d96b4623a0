// How tasks are put to a model that a trainer elsewhere has: with its tokenizer's own special tokens and template where we
// have that, and always as bare messages, for a trainer that applies the template itself.

import type { AlignmentExample } from "../../alignment/example.js";
import { UsageError } from "../../core/errors.js";
import type { Tokenizer } from "../../engines/engine.js";
import { chat } from "../../prompts/chat.js";
import { continuationFrom } from "../../prompts/continuation.js";
import type { Dialect } from "../../prompts/dialect.js";
import type { TaskConfig } from "./config.js";

export interface Speech {
  /** What examples are made and answers read with: the trainer's own. */
  readonly dialect: Dialect;
  /** The same without special tokens and template. */
  readonly bare: Dialect;
  readonly countTokens: (text: string) => number;
}

/** Of the tokenizers of code models on Python, about the least: a limit in tokens is then rather too strict. */
const CHARACTERS_A_TOKEN = 3;

/** @param tokenizer  null: texts are as they are, and a token is taken for three characters */
export function speechOf({ prompts }: Pick<TaskConfig, "prompts">, tokenizer: Tokenizer | null): Speech {
  const countTokens = tokenizer
    ? (text: string) => tokenizer.encode(text).length
    : (text: string) => Math.ceil(text.length / CHARACTERS_A_TOKEN);
  const bare = prompts.dialect === "chat" ? chat(([message]) => message.content) : continuationFrom("");
  if (!tokenizer) return { dialect: bare, bare, countTokens };
  if (prompts.dialect === "continuation") return { dialect: continuationFrom(tokenizer.start), bare, countTokens };
  if (tokenizer.chat) return { dialect: chat(tokenizer.chat), bare, countTokens };
  throw new UsageError(
    "prompts.dialect is chat, but the tokenizer has no chat template; use prompts.dialect: continuation",
  );
}

/** The question of an example in another dialect than it was made in. */
export function questionIn(dialect: Dialect, example: AlignmentExample, language: "python" | "javascript"): string {
  const { target: kind, program, input, truth } = example;
  return dialect.question({ kind, program, input, variables: truth.variables, output: truth.output, language });
}
