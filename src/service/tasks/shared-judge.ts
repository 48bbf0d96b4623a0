// Judges each program for a problem once, whoever asks: a trainer asks for a rollout's reward and later reports the same
// rollout. A judging that all who asked for it have called off is called off.

import { CancelledError } from "../../core/errors.js";
import { sha256 } from "../../core/files.js";
import type { Judgement } from "../../judge/verdict.js";
import type { Problem } from "../../problems/problem.js";

export type JudgeProgram = (problem: Problem, program: string | null, signal: AbortSignal) => Promise<Judgement>;

interface UnderWay {
  readonly judgement: Promise<Judgement>;
  readonly stop: AbortController;
  waiting: number;
}

/** The rollouts of a few steps. */
const KEPT = 4096;

export class SharedJudge {
  readonly #done = new Map<string, Judgement>();
  readonly #underWay = new Map<string, UnderWay>();

  constructor(private readonly judgeProgram: JudgeProgram) {}

  /** @throws CancelledError where `signal` is aborted, and whatever judging throws */
  async judge(problem: Problem, program: string | null, signal?: AbortSignal): Promise<Judgement> {
    if (signal?.aborted) throw new CancelledError("called off");
    const key = sha256(JSON.stringify([problem.id, program]));
    const known = this.#done.get(key);
    if (known) return known;
    const work = this.#underWay.get(key) ?? this.#begin(key, problem, program);
    work.waiting++;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        if (--work.waiting === 0) work.stop.abort();
        reject(new CancelledError("called off"));
      };
      signal?.addEventListener("abort", leave, { once: true });
      work.judgement.then(resolve, reject).finally(() => signal?.removeEventListener("abort", leave));
    });
  }

  #begin(key: string, problem: Problem, program: string | null): UnderWay {
    const stop = new AbortController();
    const judgement = this.judgeProgram(problem, program, stop.signal);
    const work: UnderWay = { judgement, stop, waiting: 0 };
    const end = (): void => {
      if (this.#underWay.get(key) === work) this.#underWay.delete(key);
    };
    // Whoever asks again after it was called off gets a judging of their own.
    stop.signal.addEventListener("abort", end, { once: true });
    this.#underWay.set(key, work);
    judgement
      .then((made) => this.#keep(key, made))
      .catch(() => {})
      .finally(end);
    return work;
  }

  /** A failure of ours may be over the next time. */
  #keep(key: string, made: Judgement): void {
    if (made.verdict.kind === "infrastructure") return;
    this.#done.set(key, made);
    for (const [oldest] of this.#done) if (this.#done.size > KEPT) this.#done.delete(oldest);
  }
}
