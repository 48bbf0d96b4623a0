// The warm start: a model trained from nothing on the corpus, first clean, then with systematic mistakes, so that
// reinforcement has something to repair. Cross-entropy on answers only.

import { sum } from "../../core/maths.js";
import { Rng } from "../../core/rng.js";
import type { Datum, Engine, Tokenizer } from "../../engines/engine.js";
import { DIRTY } from "./confusions.js";
import { CLEAN_CORPUS, type CorpusItem, type CorpusOptions, warmStartItems } from "./corpus.js";

export interface PretrainOptions {
  readonly seed: number;
  readonly cleanSteps: number;
  readonly dirtySteps: number;
  /** Corpus items a step. */
  readonly batch: number;
  readonly learningRate: number;
  /** Peak of the dirty phase: low, so that mistakes are learnt without forgetting how to execute. */
  readonly dirtyLearningRate: number;
  /** Probability that a corpus item asks for final values. */
  readonly alignmentShare: number;
  /** Probability that a step of a specification is worded vaguely. */
  readonly vague: number;
}

export interface PretrainProgress {
  readonly step: number;
  readonly steps: number;
  readonly phase: "clean" | "dirty";
  /** Mean negative log-likelihood of the trained tokens, in nats. */
  readonly loss: number;
  readonly tokens: number;
}

const WARM_UP_STEPS = { clean: 100, dirty: 20 } as const;
/** What is left of the peak at the end of each phase. The clean phase is left warm for the dirty one. */
const FINAL_SHARE = { clean: 0.2, dirty: 0.1 } as const;
const ADAM = { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.05, gradientClip: 1 };

/** Trains the engine's weights in place. Each phase has its own warm-up and cosine decay. */
export async function pretrain(
  engine: Engine,
  options: PretrainOptions,
  report: (progress: PretrainProgress) => void,
): Promise<void> {
  const steps = options.cleanSteps + options.dirtySteps;
  let done = 0;
  let tokens = 0;
  for (const phase of ["clean", "dirty"] as const) {
    const peak = phase === "clean" ? options.learningRate : options.dirtyLearningRate;
    const length = phase === "clean" ? options.cleanSteps : options.dirtySteps;
    const corpus: CorpusOptions = {
      ...CLEAN_CORPUS,
      alignment: options.alignmentShare,
      vague: options.vague,
      dirt: phase === "clean" ? null : DIRTY,
    };
    const items = warmStartItems(Rng.of(options.seed, "warm-start", phase), corpus);
    for (let step = 1; step <= length; step++) {
      const batch = Array.from({ length: options.batch }, () => items.next().value);
      const datums = datumsOf(batch, engine.model.tokenizer);
      const { loss } = await engine.forwardBackward(datums, { kind: "cross-entropy" });
      await engine.optimStep({
        ...ADAM,
        learningRate: peak * schedule(step, length, WARM_UP_STEPS[phase], FINAL_SHARE[phase]),
      });
      tokens += sum(datums.map(({ prompt, completion }) => prompt.length + completion.length));
      report({ step: ++done, steps, phase, loss, tokens });
    }
  }
}

/** Linear warm-up, then a cosine from 1 to the final share. */
function schedule(step: number, steps: number, warmUpSteps: number, finalShare: number): number {
  const cosine = finalShare + ((1 - finalShare) * (1 + Math.cos((Math.PI * step) / steps))) / 2;
  return Math.min(1, step / warmUpSteps) * cosine;
}

/** One datum an item; the weights make the plain sum a mean over the batch's trained tokens. */
function datumsOf(items: readonly CorpusItem[], tokenizer: Tokenizer): Datum[] {
  const rows = items.map(({ segments }) => {
    const tokens = segments.map(({ text }) => tokenizer.encode(text));
    const trained = segments.flatMap((segment, i) => (tokens[i] ?? []).map(() => Number(segment.trained)));
    return { tokens: [...tokens.flat(), tokenizer.endIds[0]], trained: [...trained, 1] };
  });
  const total = sum(rows.flatMap(({ trained }) => trained.slice(1)));
  return rows.map(({ tokens, trained }) => {
    const first = Math.max(1, trained.indexOf(1));
    return {
      prompt: tokens.slice(0, first),
      completion: tokens.slice(first),
      weights: Float32Array.from(trained.slice(first), (weight) => weight / total),
    };
  });
}
