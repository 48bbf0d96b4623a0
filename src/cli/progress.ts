// What a training run shows: one live line on a terminal, plain lines in a pipe.

import type { StepMetrics } from "../runs/metrics.js";
import type { Config } from "../train/config/schema.js";
import type { Reporter } from "../train/reporter.js";

const REDRAW_MS = 100;
const SMOOTHING = 0.3;

export class Progress implements Reporter {
  readonly #live: boolean;
  #shown = "";
  #last = "";
  #drawnAt = 0;
  #stepSeconds: number | null = null;
  #stepsDone = 0;

  #steps = 0;

  constructor(private readonly out: NodeJS.WriteStream) {
    this.#live = out.isTTY;
  }

  begin(path: string, { recipe, seed, train }: Config): void {
    this.#steps = train.steps;
    this.line(`${path}: ${recipe}, seed ${seed}, ${train.steps} steps`);
  }

  /** A line that stays. */
  line(text: string): void {
    this.#clear();
    this.out.write(`${text}\n`);
  }

  notice(text: string): void {
    this.line(text);
  }

  tokens(step: number, count: number): void {
    const now = performance.now();
    if (!this.#live || now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#draw(
      `step ${step}/${this.#steps}  sampling, ${count} tokens${this.#last === "" ? "" : `  |  ${this.#last}`}`,
    );
  }

  step(metrics: StepMetrics): void {
    const seconds = metrics["time/step_seconds"] ?? 0;
    this.#stepSeconds =
      this.#stepSeconds === null ? seconds : this.#stepSeconds + SMOOTHING * (seconds - this.#stepSeconds);
    this.#stepsDone = metrics.step;
    this.#last = [
      progressOf(metrics),
      `${Math.round(metrics["time/tokens_per_second"] ?? 0)} tokens/s`,
      `${this.#timeLeft()} left`,
    ].join("  ");
    const text = `step ${metrics.step}/${this.#steps}  ${this.#last}`;
    if (this.#live) this.#draw(text);
    else this.out.write(`${text}\n`);
  }

  evaluating(step: number, done: number, total: number): void {
    const text = `evaluating at step ${step}: ${done} of ${total}`;
    if (this.#live) this.#draw(text);
    else if (done === 0) this.out.write(`evaluating at step ${step}\n`);
  }

  evaluated(): void {
    this.#clear();
  }

  end(): void {
    this.#clear();
  }

  #timeLeft(): string {
    const left = Math.round((this.#steps - this.#stepsDone) * (this.#stepSeconds ?? 0));
    return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  }

  #draw(text: string): void {
    const line = text.slice(0, Math.max(20, (this.out.columns || 80) - 1));
    this.out.write(`\r${line}${" ".repeat(Math.max(0, this.#shown.length - line.length))}`);
    this.#shown = line;
  }

  #clear(): void {
    if (this.#shown !== "") this.out.write(`\r${" ".repeat(this.#shown.length)}\r`);
    this.#shown = "";
  }
}

/** How well it goes, in the words of what is trained. */
function progressOf(metrics: StepMetrics): string {
  const loss = metrics["supervised/loss"];
  if (typeof loss === "number") return `loss ${loss.toFixed(3)}`;
  return `reward code ${two(metrics["code/reward_mean"])} alignment ${two(metrics["alignment/reward_mean"])}`;
}

function two(value: number | null | undefined): string {
  return typeof value === "number" ? value.toFixed(2) : "-";
}
