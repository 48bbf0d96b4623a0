// Which rollouts a reader wants to see: the filter bar's state, as the address has it and as the server is asked.

import type { Question } from "../../src/dashboard/api/endpoints.js";
import type { Parameters } from "../route.js";

const orders = ["newest", "oldest", "reward", "-reward", "advantage", "-advantage", "tokens", "-tokens"] as const;
export const verdicts = ["passed", "failed", "unparsable", "infrastructure"] as const;
export const tasks = ["code", "alignment"] as const;

export type Order = (typeof orders)[number];

export interface RolloutFilter {
  readonly run: string;
  readonly task?: (typeof tasks)[number];
  readonly fromStep?: number;
  readonly toStep?: number;
  readonly verdict?: (typeof verdicts)[number];
  readonly reason?: string;
  readonly problem?: string;
  readonly minimumReward?: number;
  readonly maximumReward?: number;
  /** Searched for in prompts and completions: another question than the rest. */
  readonly text?: string;
  readonly order?: Order;
}

/** As typed or linked: what makes no sense is left out. `step` alone means that step. */
export function readFilter(parameters: URLSearchParams): RolloutFilter {
  const step = numberOf(parameters.get("step"), true);
  return dropUnset({
    run: parameters.get("run") ?? "",
    task: oneOf(tasks, parameters.get("task")),
    fromStep: numberOf(parameters.get("fromStep"), true) ?? step,
    toStep: numberOf(parameters.get("toStep"), true) ?? step,
    verdict: oneOf(verdicts, parameters.get("verdict")),
    reason: parameters.get("reason") || undefined,
    problem: parameters.get("problem") || undefined,
    minimumReward: numberOf(parameters.get("minimumReward"), false),
    maximumReward: numberOf(parameters.get("maximumReward"), false),
    text: parameters.get("text") || undefined,
    order: oneOf(orders, parameters.get("order")),
  });
}

export function writeFilter(filter: RolloutFilter): Parameters {
  return { ...filter };
}

/** The question without its page. */
export function questionOf(filter: RolloutFilter): Question<"rollouts"> {
  const { text: _, ...question } = filter;
  return question;
}

/** Null where no text is looked for. Found ones come newest first. */
export function searchOf(filter: RolloutFilter): Question<"search"> | null {
  const { text, order: _, ...question } = filter;
  return text === undefined ? null : { ...question, text: text.slice(0, 200) };
}

export interface Chip {
  readonly says: string;
  readonly fields: readonly (keyof RolloutFilter)[];
}

/** What the filter keeps, a few words each; the order is no filter. */
export function chipsOf(filter: RolloutFilter): readonly Chip[] {
  const chips: Chip[] = [];
  const { task, fromStep, toStep, verdict, reason, problem, minimumReward, maximumReward, text } = filter;
  if (task) chips.push({ says: task, fields: ["task"] });
  const steps = spanOf("step", fromStep, toStep);
  if (steps) chips.push({ says: steps, fields: ["fromStep", "toStep"] });
  if (verdict) chips.push({ says: verdict, fields: ["verdict"] });
  if (reason) chips.push({ says: reason, fields: ["reason"] });
  if (problem) chips.push({ says: `problem has “${problem}”`, fields: ["problem"] });
  const rewards = spanOf("reward", minimumReward, maximumReward);
  if (rewards) chips.push({ says: rewards, fields: ["minimumReward", "maximumReward"] });
  if (text) chips.push({ says: `text has “${text}”`, fields: ["text"] });
  return chips;
}

export function without(filter: RolloutFilter, fields: readonly (keyof RolloutFilter)[]): RolloutFilter {
  const kept = Object.entries(filter).filter(([field]) => !fields.some((dropped) => dropped === field));
  return { run: filter.run, ...Object.fromEntries(kept) };
}

/** A field set, or unset by undefined. */
export function changed(filter: RolloutFilter, change: Partial<Unset<RolloutFilter>>): RolloutFilter {
  return dropUnset({ ...filter, ...change, run: filter.run });
}

function spanOf(name: string, from: number | undefined, to: number | undefined): string | null {
  if (from !== undefined && to !== undefined) return from === to ? `${name} ${from}` : `${name} ${from} to ${to}`;
  if (from !== undefined) return `${name} from ${from}`;
  return to === undefined ? null : `${name} up to ${to}`;
}

function oneOf<T extends string>(known: readonly T[], value: string | null): T | undefined {
  return known.find((item) => item === value);
}

function numberOf(text: string | null, isStep: boolean): number | undefined {
  if (text === null || text.trim() === "") return undefined;
  const value = Number(text);
  if (isStep) return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  return Number.isFinite(value) ? value : undefined;
}

type Unset<T> = { [K in keyof T]: T[K] | undefined };

function dropUnset(filter: Unset<RolloutFilter> & { readonly run: string }): RolloutFilter {
  const { run, ...rest } = filter;
  return { run, ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) };
}
