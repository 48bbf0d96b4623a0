// A file of demonstrations, open: every line is checked once, then only where each lies is kept in memory.

import { closeSync, openSync, readSync } from "node:fs";
import { itemAt } from "../../core/epochs.js";
import { DataError } from "../../core/errors.js";
import { parseJson } from "../../core/json.js";
import { streamRecords } from "../../core/jsonl.js";
import type { ModelInfo } from "../../engines/engine.js";
import { demonstrationSchema, type Sequence, sequenceOf } from "./demonstration.js";

interface Place {
  readonly line: number;
  readonly start: number;
  readonly bytes: number;
}

export class Demonstrations {
  private constructor(
    private readonly path: string,
    private readonly file: number,
    private readonly places: readonly Place[],
    /** Left out: prompt, answer and end token together are over the limit. */
    readonly tooLong: number,
    private readonly model: ModelInfo,
    private readonly seed: number,
  ) {}

  /**
   * Reads the whole file once, a line at a time.
   *
   * @param maximumTokens  of a prompt and its answer together; null: as many as the model's context takes
   * @throws DataError naming file and line of the first record that is not a demonstration; where none is left
   */
  static async open(
    path: string,
    model: ModelInfo,
    { maximumTokens, seed }: { readonly maximumTokens: number | null; readonly seed: number },
  ): Promise<Demonstrations> {
    if (path.endsWith(".gz"))
      throw new DataError(`${path}: is compressed; its lines are read in any order, so unzip it`);
    const limit = Math.min(maximumTokens ?? Number.POSITIVE_INFINITY, model.contextLength);
    const places: Place[] = [];
    let tooLong = 0;
    for await (const { record, line, start, bytes } of streamRecords(path, demonstrationSchema)) {
      const { prompt, answer } = sequenceOf(record, model.tokenizer, `${path}:${line}`);
      if (prompt.length + answer.length > limit) tooLong++;
      else places.push({ line, start, bytes });
    }
    if (places.length === 0) {
      throw new DataError(
        tooLong === 0
          ? `${path}: no demonstrations in it; expected one JSON object a line`
          : `${path}: every one of its ${tooLong} demonstrations is over ${limit} tokens; raise supervised.maximumTokens or take a model with a longer context`,
      );
    }
    return new Demonstrations(path, openSync(path, "r"), places, tooLong, model, seed);
  }

  get size(): number {
    return this.places.length;
  }

  /** The next `count` in seeded permutations, an epoch each. @param cursor  how many were taken before */
  batch(cursor: number, count: number): Sequence[] {
    return Array.from({ length: count }, (_, i) => {
      const place = itemAt(cursor + i, this.places.length, this.seed, "demonstrations");
      return this.#read(this.places[place]);
    });
  }

  #read({ line, start, bytes }: Place): Sequence {
    const where = `${this.path}:${line}`;
    const piece = Buffer.alloc(bytes);
    const read = readSync(this.file, piece, 0, bytes, start);
    const text = piece.toString("utf8", 0, read).replace(/^\uFEFF/, "");
    try {
      return sequenceOf(demonstrationSchema.parse(parseJson(text)), this.model.tokenizer, where);
    } catch (error) {
      throw new DataError(`${where}: is not what it was when the run began; leave the file alone while it trains`, {
        cause: error,
      });
    }
  }

  async close(): Promise<void> {
    closeSync(this.file);
  }
}
