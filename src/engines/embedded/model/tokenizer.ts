// A model folder's tokenizer and chat template, through Hugging Face's own JavaScript ports. It trains none.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Template } from "@huggingface/jinja";
import { Tokenizer as Backend } from "@huggingface/tokenizers";
import { EngineError, messageOf } from "../../../core/errors.js";
import { readText } from "../../../core/files.js";
import type { Tokenizer } from "../../engine.js";
import { readModelJson } from "./config.js";

/**
 * @param folder  with tokenizer.json, config.json and, where the model has them, tokenizer_config.json and
 *                generation_config.json
 * @throws EngineError naming the file
 */
export function readTokenizer(folder: string): Tokenizer {
  const json = readModelJson(folder, "tokenizer.json");
  const optional = (name: string): Record<string, unknown> =>
    existsSync(join(folder, name)) ? readModelJson(folder, name) : {};
  const settings = optional("tokenizer_config.json");
  const backend = createBackend(folder, json, settings);
  const idOf = (token: unknown): number | undefined => {
    const text = typeof token === "object" && token !== null && "content" in token ? token.content : token;
    return typeof text === "string" ? backend.token_to_id(text) : undefined;
  };
  const config = optional("config.json");
  const ends = [optional("generation_config.json").eos_token_id, config.eos_token_id, idOf(settings.eos_token)];
  const endIds = [...new Set(ends.flat().filter((id): id is number => typeof id === "number"))];
  const pads = [config.pad_token_id, idOf(settings.pad_token), endIds[0]];
  const highest = [...backend.get_vocab(true).values()].reduce((most, id) => Math.max(most, id), -1);
  return {
    vocabularySize: highest + 1,
    endIds,
    padId: pads.find((id): id is number => typeof id === "number") ?? 0,
    encode: (text) => backend.encode(text, { add_special_tokens: false }).ids,
    decode: (ids) =>
      ids.length === 0
        ? ""
        : backend.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
    chat: chatTemplate(folder, settings),
  };
}

function createBackend(folder: string, json: object, settings: object): Backend {
  try {
    return new Backend(json, settings);
  } catch (error) {
    throw new EngineError(`${join(folder, "tokenizer.json")}: cannot be used: ${messageOf(error)}`, { cause: error });
  }
}

function chatTemplate(folder: string, settings: Record<string, unknown>): Tokenizer["chat"] {
  const path = join(folder, "chat_template.jinja");
  const source = existsSync(path) ? readText(path) : templateText(settings.chat_template);
  if (source === undefined) return undefined;
  const tokenText = (token: unknown): unknown =>
    typeof token === "object" && token !== null && "content" in token ? token.content : token;
  try {
    const template = new Template(source);
    return (messages) =>
      template.render({
        messages: messages.map((message) => ({ ...message })),
        add_generation_prompt: true,
        bos_token: tokenText(settings.bos_token) ?? "",
        eos_token: tokenText(settings.eos_token) ?? "",
      });
  } catch (error) {
    throw new EngineError(`${folder}: its chat template cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** One template, or the one called "default" of a list. */
function templateText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return undefined;
  const named = value as ReadonlyArray<{ name?: string; template?: string }>;
  return named.find(({ name }) => name === "default")?.template;
}
