// A model folder's tokenizer, through Hugging Face's own JavaScript port. It trains none.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer as Backend } from "@huggingface/tokenizers";
import { EngineError, messageOf } from "../../../core/errors.js";
import type { Tokenizer } from "../../engine.js";
import { readChatTemplate, SPECIAL_TOKENS, tokenText } from "./chat-template.js";
import { readModelJson } from "./config.js";

/** What ends a text or a turn in the families we read; a base model's files name the first of theirs only. */
const END_TOKENS = [
  "<|endoftext|>",
  "<|im_end|>",
  "<|end_of_text|>",
  "<|eom_id|>",
  "<|eot_id|>",
  "<|EOT|>",
  "<｜end▁of▁sentence｜>",
];

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
    const text = tokenText(token);
    return text === undefined ? undefined : backend.token_to_id(text);
  };
  const config = optional("config.json");
  // To the Python original they are special even where tokenizer.json does not say so.
  const special = new Set(SPECIAL_TOKENS.map((name) => idOf(settings[name])));
  const ends = [
    optional("generation_config.json").eos_token_id,
    config.eos_token_id,
    idOf(settings.eos_token),
    addedTokens(json).flatMap(({ content, id }) => (END_TOKENS.includes(content) ? id : [])),
  ];
  const endIds = [...new Set(ends.flat().filter((id): id is number => typeof id === "number"))];
  const pads = [config.pad_token_id, idOf(settings.pad_token), endIds[0]];
  const start = backend.encode("").ids;
  const highest = [...backend.get_vocab(true).values()].reduce((most, id) => Math.max(most, id), -1);
  return {
    vocabularySize: highest + 1,
    endIds,
    padId: pads.find((id): id is number => typeof id === "number") ?? 0,
    start: start.length === 0 ? "" : backend.decode(start, { skip_special_tokens: false }),
    encode: (text) => backend.encode(text, { add_special_tokens: false }).ids,
    decode: (ids) => {
      // A model may have more ids than its tokenizer, and draw one of those.
      const kept = ids.filter((id) => !special.has(id) && backend.id_to_token(id) !== undefined);
      if (kept.length === 0) return "";
      return backend.decode(kept, { skip_special_tokens: true, clean_up_tokenization_spaces: false });
    },
    chat: readChatTemplate(folder, settings),
  };
}

function createBackend(folder: string, json: object, settings: object): Backend {
  try {
    return new Backend(json, settings);
  } catch (error) {
    throw new EngineError(`${join(folder, "tokenizer.json")}: cannot be used: ${messageOf(error)}`, { cause: error });
  }
}

/** Only these can be an end: the same letters in a text are cut into pieces. */
function addedTokens(json: Readonly<Record<string, unknown>>): ReadonlyArray<{ content: string; id: number }> {
  return Array.isArray(json.added_tokens) ? (json.added_tokens as Array<{ content: string; id: number }>) : [];
}
