// The embedded engines of a server: one for each model in training, one that holds the base model as it is, and a few
// that hold weights from a checkpoint to sample from. Each is used by one at a time.

import { LORA_TARGETS, type LoraTarget } from "../../embedded/adapters/layout.js";
import { type EmbeddedEngine, openEmbedded } from "../../embedded/embedded.js";

/** What is trained beside frozen weights; null is all weights. */
export type Lora = { readonly rank: number; readonly targets: readonly LoraTarget[] } | null;

/** The protocol has no field for it: SkyRL's number. */
const LORA_ALPHA = 32;

/** Engines for checkpoints, of adapters of one shape each, that are open at once. */
const MOST_SPARE = 2;

export function loraTargets(attention: boolean, mlp: boolean): readonly LoraTarget[] {
  return LORA_TARGETS.filter((target) =>
    target.startsWith("gate") || target.startsWith("up") || target.startsWith("down") ? mlp : attention,
  );
}

/** Lets calls through one by one, in order. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  run<Result>(use: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(use);
    this.#last = result.catch(() => {});
    return result;
  }
}

/** Weights that lie in a folder, written by an engine of this shape. */
export interface StoredWeights {
  readonly folder: string;
  readonly lora: Lora;
  /** Tells them from others that may come to lie there. */
  readonly written: string;
}

interface Spare {
  readonly turns: Turns;
  readonly opening: Promise<EmbeddedEngine>;
  loaded: string | null;
}

export class Engines {
  readonly #model: string;
  readonly #threads: number | undefined;
  /** By the shape of their adapters, least recently used first. */
  readonly #spare = new Map<string, Spare>();
  #base: Spare | undefined;

  /** @param model  the folder that all of them start from */
  constructor(model: string, threads: number | undefined) {
    this.#model = model;
    this.#threads = threads;
  }

  open(lora: Lora, seed: string | number): Promise<EmbeddedEngine> {
    return openEmbedded({
      model: this.#model,
      ...(this.#threads !== undefined && { threads: this.#threads }),
      lora: lora && { ...lora, alpha: LORA_ALPHA, seed },
    });
  }

  useBase<Result>(use: (engine: EmbeddedEngine) => Promise<Result>): Promise<Result> {
    this.#base ??= this.#opened(null);
    const { turns, opening } = this.#base;
    return turns.run(async () => use(await opening));
  }

  useStored<Result>(
    { folder, lora, written }: StoredWeights,
    use: (engine: EmbeddedEngine) => Promise<Result>,
  ): Promise<Result> {
    const spare = this.#spareFor(lora);
    return spare.turns.run(async () => {
      const engine = await spare.opening;
      const wanted = `${folder} ${written}`;
      if (spare.loaded !== wanted) {
        spare.loaded = null;
        await engine.load(folder, { optimizer: false });
        spare.loaded = wanted;
      }
      return await use(engine);
    });
  }

  async close(): Promise<void> {
    const all = [...this.#spare.values(), ...(this.#base ? [this.#base] : [])];
    this.#spare.clear();
    await Promise.all(
      all.map(({ opening }) =>
        opening.then(
          (engine) => engine.close(),
          () => {},
        ),
      ),
    );
  }

  #spareFor(lora: Lora): Spare {
    const key = JSON.stringify(lora && [lora.rank, lora.targets]);
    const spare = this.#spare.get(key) ?? this.#opened(lora);
    this.#spare.delete(key);
    this.#spare.set(key, spare);
    for (const [oldest, { turns, opening }] of this.#spare) {
      if (this.#spare.size <= MOST_SPARE) break;
      this.#spare.delete(oldest);
      void turns.run(async () => (await opening).close());
    }
    return spare;
  }

  #opened(lora: Lora): Spare {
    const opening = this.open(lora, 0);
    opening.catch(() => {});
    return { turns: new Turns(), opening, loaded: null };
  }
}
