// Hidden states of one model at the last token of each text, kept on disk: a probe that is begun again reads no model
// twice. Nothing is fitted here.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256, writeAtomic } from "../core/files.js";
import type { Engine } from "../engines/engine.js";
import type { Matrix } from "./softmax.js";

/** A model to be probed. */
export interface ProbedModel {
  /** Models of one name are one group: the same training under several seeds. */
  readonly name: string;
  readonly folder: string;
  /** Hash of the weights and the tokenizer. */
  readonly identity: string;
  open(): Promise<Engine>;
}

export interface States {
  /** Which layers were read, ascending: 0 is the embedded tokens, the last one what the head sees. */
  readonly layers: readonly number[];
  /** For each layer, a row for each text; a text beyond the model's context has zeros. */
  readonly matrices: readonly Matrix[];
  /** For each text, its tokens; none where it is beyond the context. */
  readonly tokens: ReadonlyArray<readonly number[]>;
}

interface Heading {
  readonly layers: readonly number[];
  readonly size: number;
  readonly tokens: ReadonlyArray<readonly number[]>;
}

/** Texts that are read at once: their states are in memory together anyway, this is for progress. */
const BATCH = 256;

/** {0, L/4, L/2, 3L/4, L}, without those that fall together. */
export function probedLayers(layers: number): number[] {
  return [...new Set([0, 0.25, 0.5, 0.75, 1].map((share) => Math.round(share * layers)))];
}

/**
 * From the folder if they are there, else from the model.
 *
 * @throws UsageError, EngineError  where the model cannot be opened or has no hidden states
 */
export async function hiddenStatesOf(
  model: ProbedModel,
  texts: readonly string[],
  folder: string,
  onProgress: (done: number) => void,
): Promise<States> {
  const key = sha256(JSON.stringify([model.identity, texts])).slice(0, 24);
  const [heading, numbers] = [join(folder, `${key}.json`), join(folder, `${key}.f32`)];
  // Written last, the heading says that all is there.
  if (!existsSync(heading)) await readModel(model, texts, heading, numbers, onProgress);
  const { layers, size, tokens } = JSON.parse(readFileSync(heading, "utf8")) as Heading;
  const bytes = readFileSync(numbers);
  const length = texts.length * size;
  return {
    layers,
    tokens,
    matrices: layers.map((_, i) => {
      const from = bytes.byteOffset + i * length * Float32Array.BYTES_PER_ELEMENT;
      const values = new Float32Array(bytes.buffer.slice(from, from + length * Float32Array.BYTES_PER_ELEMENT));
      return { rows: texts.length, columns: size, values };
    }),
  };
}

async function readModel(
  model: ProbedModel,
  texts: readonly string[],
  heading: string,
  numbers: string,
  onProgress: (done: number) => void,
): Promise<void> {
  const engine = await model.open();
  try {
    const { tokenizer, contextLength } = engine.model;
    const { layers: depth, size } = engine.capabilities.hiddenStates ?? { layers: 0, size: 0 };
    const layers = probedLayers(depth);
    const encoded = texts.map((text) => tokenizer.encode(tokenizer.start + text));
    const tokens = encoded.map((ids) => (ids.length > contextLength ? [] : ids));
    const fitting = [...tokens.keys()].filter((row) => tokens[row].length > 0);
    const values = new Float32Array(layers.length * texts.length * size);
    for (let from = 0; from < fitting.length; from += BATCH) {
      const rows = fitting.slice(from, from + BATCH);
      const requests = rows.map((row) => ({ tokens: tokens[row], positions: [tokens[row].length - 1] }));
      const states = await engine.hiddenStates(requests, layers);
      for (const [i, row] of rows.entries()) {
        for (const [layer, state] of states[i].entries()) values.set(state, (layer * texts.length + row) * size);
      }
      onProgress(from + rows.length);
    }
    writeAtomic(numbers, new Uint8Array(values.buffer));
    writeAtomic(heading, JSON.stringify({ layers, size, tokens } satisfies Heading));
  } finally {
    await engine.close();
  }
}
