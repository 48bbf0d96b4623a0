// A rollout: one completion the policy sampled for one prompt; G of them for the same prompt are a group.

import type { AlignmentExample } from "../alignment/example.js";
import type { Engine, Sample } from "../engines/engine.js";
import type { Problem } from "../problems/problem.js";

type Task =
  | { readonly kind: "code"; readonly problem: Problem }
  | { readonly kind: "alignment"; readonly example: AlignmentExample };

export interface Prompt {
  readonly task: Task;
  readonly text: string;
}

export interface Rollout {
  readonly completion: string;
  readonly sample: Sample;
}

export interface RolloutGroup {
  readonly prompt: Prompt;
  readonly promptTokens: readonly number[];
  /** [G] */
  readonly rollouts: readonly Rollout[];
}

export interface SamplingOptions {
  /** G */
  readonly groupSize: number;
  readonly temperature: number;
  readonly maximumTokens: number;
}

export interface SamplingWatcher {
  /** Tokens drawn so far. */
  tokens(count: number): void;
  /** One rollout is done, others may go on; each is told once, in any order, before sampling ends. */
  finished(group: number, index: number, rollout: Rollout): void;
}

/**
 * Draws G completions of each prompt from the policy as it is now. A prompt that leaves no room for a completion
 * in the model's context gives an empty group.
 *
 * @param seed  keys of the stream that all draws come from; the same keys and weights give the same tokens
 */
export async function sampleGroups(
  engine: Engine,
  prompts: readonly Prompt[],
  options: SamplingOptions,
  seed: ReadonlyArray<string | number>,
  watcher: SamplingWatcher,
): Promise<RolloutGroup[]> {
  const { tokenizer, contextLength } = engine.model;
  const encoded = prompts.map(({ text }) => tokenizer.encode(text));
  const requests = encoded.flatMap((prompt, group) => {
    const maxTokens = Math.min(options.maximumTokens, contextLength - prompt.length);
    if (maxTokens < 1 || prompt.length === 0) return [];
    const seeds = Array.from({ length: options.groupSize }, (_, i) => JSON.stringify([...seed, group, i]));
    return [{ prompt, count: options.groupSize, maxTokens, temperature: options.temperature, seeds, group }];
  });
  const rollouts = prompts.map((): Rollout[] => []);
  const finish = (request: number, index: number, sample: Sample): void => {
    const { group } = requests[request];
    if (rollouts[group][index]) return;
    const rollout = { completion: tokenizer.decode(sample.tokens), sample };
    rollouts[group][index] = rollout;
    watcher.finished(group, index, rollout);
  };
  const samples = await engine.sample(requests, (event) => {
    if (event.kind === "tokens") watcher.tokens(event.count);
    else finish(event.request, event.sequence, event.sample);
  });
  for (const [request, ofPrompt] of samples.entries()) {
    for (const [index, sample] of ofPrompt.entries()) finish(request, index, sample);
  }
  return prompts.map((prompt, group) => ({ prompt, promptTokens: encoded[group], rollouts: rollouts[group] }));
}
