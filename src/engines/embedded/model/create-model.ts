// Writes a model folder with random weights: where a warm start begins. It trains nothing.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { EngineError, messageOf } from "../../../core/errors.js";
import { writeDurable } from "../../../core/files.js";
import { Rng } from "../../../core/rng.js";
import { type Layout, type LayoutTensor, layoutOf } from "../decoder/layout.js";
import { writeWeights } from "./checkpoint.js";
import { configJson, type DecoderConfig, readConfig } from "./config.js";

export interface SpecialTokens {
  /** The text of the token that ends a completion, as tokenizer.json has it. */
  readonly endToken: string;
  /** The end token where left out. */
  readonly padToken?: string;
  /** Jinja, as in tokenizer_config.json. */
  readonly chatTemplate?: string;
}

const EMBEDDING_DEVIATION = 0.02;
const GAIN = 0.8;
/** The matrices that write into the residual stream start smaller. */
const RESIDUAL_GAIN = 0.4;

/**
 * Writes config.json, model.safetensors, tokenizer.json (as given) and tokenizer_config.json.
 *
 * Weights are normal: embeddings and head with deviation 0.02, matrices 0.8 / sqrt(fan in), those that write into the
 * residual stream half of that; norms are 1, biases 0.
 *
 * @param tokenizerJson  the text of a tokenizer.json
 * @throws EngineError where the special tokens are not in the tokenizer, ids do not fit the vocabulary or the family
 *   cannot have what the config asks for
 */
export function createModel(
  folder: string,
  config: DecoderConfig,
  tokenizerJson: string,
  seed: string | number,
  special: SpecialTokens,
): void {
  const ids = tokenIds(tokenizerJson);
  const idOf = (token: string): number => {
    const id = ids.get(token);
    if (id === undefined) throw new EngineError(`the tokenizer has no token "${token}"`);
    return id;
  };
  const highest = [...ids.values()].reduce((most, id) => Math.max(most, id), 0);
  if (highest >= config.vocabularySize) {
    throw new EngineError(`the tokenizer has id ${highest}, the model a vocabulary of ${config.vocabularySize}`);
  }
  const padToken = special.padToken ?? special.endToken;
  mkdirSync(folder, { recursive: true });
  writeDurable(join(folder, "config.json"), configJson(config, { end: idOf(special.endToken), pad: idOf(padToken) }));
  checkFamily(folder, config);
  writeDurable(join(folder, "tokenizer.json"), tokenizerJson);
  const settings = {
    tokenizer_class: "PreTrainedTokenizerFast",
    clean_up_tokenization_spaces: false,
    eos_token: special.endToken,
    pad_token: padToken,
    model_max_length: config.contextLength,
    ...(special.chatTemplate === undefined ? {} : { chat_template: special.chatTemplate }),
  };
  writeDurable(join(folder, "tokenizer_config.json"), `${JSON.stringify(settings, null, 2)}\n`);
  const layout = layoutOf(config);
  writeWeights(folder, layout, randomWeights(layout, seed), "F32");
}

/** What a family's config.json has no word for would be lost when the folder is opened. */
function checkFamily(folder: string, config: DecoderConfig): void {
  const said = new Map(Object.entries(readConfig(folder)));
  const lost = Object.entries(config).find(([key, value]) => !isDeepStrictEqual(said.get(key), value));
  if (!lost) return;
  const [key, value] = lost.map((part) => JSON.stringify(part));
  throw new EngineError(
    `a ${config.family} model cannot have ${key} ${value}: it reads back as ${JSON.stringify(said.get(lost[0]))}`,
  );
}

/** The flat array of a fresh model. */
export function randomWeights(layout: Layout, seed: string | number): Float32Array {
  const weights = new Float32Array(layout.length);
  for (const tensor of layout.tensors) {
    for (const { name, shape, offset, length } of tensor.parts) {
      const part = weights.subarray(offset, offset + length);
      if (shape.length === 1) part.fill(name.endsWith(".bias") ? 0 : 1);
      else fillNormal(part, deviation(tensor), Rng.of(seed, name));
    }
  }
  return weights;
}

function deviation({ name, shape }: LayoutTensor): number {
  if (name === "embedding" || name === "head") return EMBEDDING_DEVIATION;
  const gain = name.endsWith("attentionOutput") || name.endsWith("down") ? RESIDUAL_GAIN : GAIN;
  return gain / Math.sqrt(shape[1]);
}

function fillNormal(target: Float32Array, deviation: number, rng: Rng): void {
  for (let i = 0; i < target.length; i++) target[i] = deviation * rng.normal();
}

interface TokenizerFile {
  readonly model?: { readonly vocab?: Readonly<Record<string, number>> };
  readonly added_tokens?: ReadonlyArray<{ readonly content: string; readonly id: number }>;
}

function tokenIds(tokenizerJson: string): Map<string, number> {
  try {
    const file = JSON.parse(tokenizerJson) as TokenizerFile;
    const added = (file.added_tokens ?? []).map(({ content, id }) => [content, id] as const);
    return new Map([...Object.entries(file.model?.vocab ?? {}), ...added]);
  } catch (error) {
    throw new EngineError(`tokenizer.json is not JSON: ${messageOf(error)}`, { cause: error });
  }
}
