// A demonstration: a prompt and the answer that is to be learnt, or a conversation whose last turn is. One record a
// line in a JSONL file. How a batch of them is learnt from is not here.

import { z } from "zod";
import { DataError } from "../../core/errors.js";
import type { Tokenizer } from "../../engines/engine.js";

const message = z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string() });

export const demonstrationSchema = z
  .strictObject({
    prompt: z.string().min(1, "expected some text: an answer needs something to answer").optional(),
    answer: z.string().optional(),
    messages: z.array(message).min(2, "expected a question and an answer at least").optional(),
    metadata: z.unknown().optional(),
  })
  .refine(({ prompt, answer }) => (prompt === undefined) === (answer === undefined), {
    message: 'expected "prompt" and "answer" together',
  })
  .refine(({ prompt, messages }) => (prompt === undefined) !== (messages === undefined), {
    message: 'expected either "prompt" and "answer" or "messages"',
  })
  .refine(({ messages }) => messages === undefined || messages.at(-1)?.role === "assistant", {
    message: 'expected the last of "messages" to be the assistant\'s: it is what is learnt',
  })
  .meta({ oneOf: [{ required: ["prompt", "answer"] }, { required: ["messages"] }] });

export type Demonstration = z.output<typeof demonstrationSchema>;

export interface Sequence {
  readonly prompt: readonly number[];
  /** The answer and the token that ends it. */
  readonly answer: readonly number[];
}

/**
 * The tokens of a demonstration, cut where a rollout's are: prompt and answer are encoded apart, as at sampling. A prompt
 * begins with the model's start token, where it has one; messages go through its chat template.
 *
 * @param where  file and line, for the error
 * @throws DataError where there are messages but the model has no chat template
 */
export function sequenceOf({ prompt, answer, messages }: Demonstration, tokenizer: Tokenizer, where: string): Sequence {
  const { start, chat, endIds } = tokenizer;
  const text = messages ? chat?.(messages.slice(0, -1)) : prompt?.startsWith(start) ? prompt : `${start}${prompt}`;
  if (text === undefined) {
    throw new DataError(`${where}: messages need a chat template, and this model has none; give "prompt" and "answer"`);
  }
  const learnt = answer ?? messages?.at(-1)?.content ?? "";
  return { prompt: tokenizer.encode(text), answer: [...tokenizer.encode(learnt), ...endIds.slice(0, 1)] };
}
