// A model folder's chat template: which of the places it may stand in counts, and what it is given, as `transformers`
// has it. It knows no tokens but their text.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Template } from "@huggingface/jinja";
import { EngineError, messageOf } from "../../../core/errors.js";
import { readText } from "../../../core/files.js";
import type { Tokenizer } from "../../engine.js";

/** The keys of tokenizer_config.json that name one special token each. */
export const SPECIAL_TOKENS = ["bos_token", "eos_token", "pad_token", "unk_token"] as const;

/**
 * chat_template.jinja, or `chat_template` of tokenizer_config.json: one template, or the one of a list that is called
 * "default".
 *
 * @param settings  tokenizer_config.json
 * @throws EngineError naming the folder; the template's own refusals when it is applied
 */
export function readChatTemplate(folder: string, settings: Readonly<Record<string, unknown>>): Tokenizer["chat"] {
  const path = join(folder, "chat_template.jinja");
  const source = existsSync(path) ? readText(path) : templateText(folder, settings.chat_template);
  if (source === undefined) return undefined;
  const special = SPECIAL_TOKENS.map((name) => [name, tokenText(settings[name]) ?? ""] as const);
  const attempt = <Result>(run: () => Result): Result => {
    try {
      return run();
    } catch (error) {
      throw new EngineError(`${folder}: its chat template cannot be used: ${messageOf(error)}`, { cause: error });
    }
  };
  const template = attempt(() => new Template(source));
  return (messages) =>
    attempt(() =>
      template.render({
        ...Object.fromEntries(special),
        messages: messages.map((message) => ({ ...message })),
        tools: null,
        documents: null,
        add_generation_prompt: true,
        // Llama puts the date into its prompts, and a run must be the same tomorrow: this is its own default.
        date_string: "26 Jul 2024",
      }),
    );
}

/** The text of a special token, which may be written as an object. */
export function tokenText(token: unknown): string | undefined {
  const text = typeof token === "object" && token !== null && "content" in token ? token.content : token;
  return typeof text === "string" ? text : undefined;
}

function templateText(folder: string, value: unknown): string | undefined {
  if (value == null || typeof value === "string") return value ?? undefined;
  const named = (Array.isArray(value) ? value : []) as ReadonlyArray<{ name?: unknown; template?: unknown }>;
  const found = named.find(({ name }) => name === "default")?.template;
  if (typeof found === "string") return found;
  throw new EngineError(`${folder}: chat_template: expected a text, or a list with one called "default"`);
}
