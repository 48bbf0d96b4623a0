// An engine of ours as a policy: prompts through the model's own template, one seed for each sample of each task, so
// that a sample is the same whatever else is asked. Not here: opening the engine, nor what tells its weights from others.

import type { Engine, Sample, SampleRequest, Tokenizer } from "../../engines/engine.js";
import type { Completion, CompletionRequest, Policy, Prompt } from "./policy.js";
import { untilStop } from "./stop-text.js";

interface Asked extends SampleRequest {
  /** Its place among the requests for completions. */
  readonly place: number;
}

/**
 * @param open  with the first request: where nothing is missing, nobody waits for weights. Closed with the policy
 * @param seed  of all draws; the same seed and weights give the same completions
 */
export function enginePolicy(
  open: () => Promise<Engine>,
  { name, identity, seed }: Pick<Policy, "name" | "identity"> & { readonly seed: number },
): Policy {
  let opened: Promise<Engine> | undefined;
  return {
    name,
    identity,
    async complete(requests, onFinished, signal) {
      opened ??= open();
      const engine = await opened;
      signal?.throwIfAborted();
      const { tokenizer } = engine.model;
      const told = requests.map(() => new Set<number>());
      const tell = (place: number, sample: number, completion: Completion): void => {
        if (told[place].has(sample)) return;
        told[place].add(sample);
        onFinished(place, sample, completion);
      };
      const asked = requests.flatMap((request, place): Asked[] => {
        const prompt = tokenizer.encode(promptText(request.prompt, tokenizer));
        const maxTokens = roomFor(prompt.length, request, engine);
        if (maxTokens > 0) return [toSampleRequest(request, place, prompt, maxTokens, seed)];
        for (const sample of request.samples) tell(place, sample, noRoom(prompt.length));
        return [];
      });
      const finish = ({ place, prompt }: Asked, sequence: number, sample: Sample): void => {
        const { samples, decoding } = requests[place];
        tell(place, samples[sequence], toCompletion(sample, prompt.length, decoding.stop, tokenizer));
      };
      // Sampling has no end between two tokens but the engine's own.
      const stop = (): void => void engine.close();
      signal?.addEventListener("abort", stop, { once: true });
      try {
        const groups = await engine.sample(asked, (event) => {
          if (event.kind === "finished") finish(asked[event.request], event.sequence, event.sample);
        });
        for (const [i, group] of groups.entries()) {
          for (const [sequence, sample] of group.entries()) finish(asked[i], sequence, sample);
        }
      } finally {
        signal?.removeEventListener("abort", stop);
      }
    },
    close: async () => (await opened)?.close(),
  };
}

/** Messages in the model's template; to a base model, which has none, their contents as paragraphs. */
function promptText(prompt: Prompt, { chat, start }: Tokenizer): string {
  if (prompt.kind === "text") return start + prompt.text;
  if (chat) return chat(prompt.messages);
  return start + prompt.messages.map(({ content }) => `${content.trimEnd()}\n\n`).join("");
}

/** Tokens that a completion may have; less than 1 where the prompt leaves none, or holds none itself. */
function roomFor(promptTokens: number, { decoding }: CompletionRequest, { model }: Engine): number {
  if (promptTokens === 0) return 0;
  const context = Math.min(model.contextLength, decoding.contextTokens ?? model.contextLength);
  return Math.min(decoding.maximumTokens, context - promptTokens);
}

function toSampleRequest(
  { task, samples, decoding: { temperature, topP, stop } }: CompletionRequest,
  place: number,
  prompt: readonly number[],
  maxTokens: number,
  seed: number,
): Asked {
  const seeds = samples.map((sample) => JSON.stringify(["evaluation", seed, task, sample]));
  return { prompt, count: samples.length, maxTokens, temperature, topP, seeds, stop, place };
}

function toCompletion(
  { tokens, stopReason }: Sample,
  promptTokens: number,
  stop: readonly string[],
  tokenizer: Tokenizer,
): Completion {
  const { text, stopped } = untilStop(tokenizer.decode(tokens), stop);
  return { text, stopReason: stopped ? "stop" : stopReason, promptTokens, completionTokens: tokens.length };
}

function noRoom(promptTokens: number): Completion {
  return { text: "", stopReason: "no-room", promptTokens, completionTokens: 0 };
}
