// What an OpenAI-compatible endpoint answers, as far as an evaluation reads it. Servers differ in what else is there.

import { z } from "zod";
import { explain } from "../../core/schema.js";

const finish = z.string().nullish();
const choice = z.union([
  /** Of chat; null where a model only thought, or called a tool. */
  z.object({ index: z.int().optional(), message: z.object({ content: z.string().nullable() }), finish_reason: finish }),
  /** Of completion. */
  z.object({ index: z.int().optional(), text: z.string(), finish_reason: finish }),
]);
const answer = z.object({
  choices: z.array(choice).min(1),
  usage: z
    .object({ prompt_tokens: z.int().nonnegative().nullish(), completion_tokens: z.int().nonnegative().nullish() })
    .nullish(),
});

export interface EndpointAnswer {
  /** In the order of their indexes. */
  readonly choices: ReadonlyArray<{ readonly text: string; readonly stopReason: "stop" | "length" }>;
  readonly promptTokens: number | null;
  /** Of all choices together. */
  readonly completionTokens: number | null;
}

/** @throws Error saying what is not as it should be */
export function readAnswer(text: string): EndpointAnswer {
  const value = parse(text);
  const result = answer.safeParse(value);
  if (!result.success) throw new Error(`an answer of another form: ${explain(result.error, value, answer)}`);
  const { choices, usage } = result.data;
  const inOrder = choices.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0));
  return {
    choices: inOrder.map((choice) => ({
      text: ("text" in choice ? choice.text : choice.message.content) ?? "",
      stopReason: choice.finish_reason === "length" ? "length" : "stop",
    })),
    promptTokens: usage?.prompt_tokens ?? null,
    completionTokens: usage?.completion_tokens ?? null,
  };
}

const models = z.object({ data: z.array(z.object({ id: z.string() })) });

/** The names in the answer of /models; none where it is something else. */
export function readModels(text: string): string[] {
  const result = models.safeParse(parse(text));
  return result.success ? result.data.data.map(({ id }) => id) : [];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`an answer that is not JSON: ${text.slice(0, 80)}`, { cause: error });
  }
}
