// Logprobs of the frozen reference: from a sampler of the base model that tells those of its prompts, or from a second
// model whose adapters stay as they were made, that is without effect.

import type { SamplingClient, TinkerClient, TrainingClient } from "../client/client.js";
import type { LoraConfig } from "../protocol/records.js";
import { eachInFlight } from "./in-flight.js";
import { completionLogprobs, scoredCompletion } from "./outputs.js";
import { type Sequence, valuePass } from "./passes.js";
import type { Profile } from "./profile.js";

export interface Reference {
  /** [sequences][T] */
  logprobs(sequences: readonly Sequence[]): Promise<Float32Array[]>;
  close(): Promise<void>;
}

interface ReferenceOptions {
  readonly baseModel: string;
  readonly lora: LoraConfig;
  readonly requestsInFlight: number;
}

export async function openReference(
  client: TinkerClient,
  kind: NonNullable<Profile["reference"]>,
  { baseModel, lora, requestsInFlight }: ReferenceOptions,
): Promise<Reference> {
  switch (kind) {
    case "base-sampler":
      return sampled(await client.sampler({ baseModel }), requestsInFlight);
    case "second-model":
      return untouched(await client.createModel({ baseModel, lora }));
    default:
      return kind satisfies never;
  }
}

function sampled(sampler: SamplingClient, requestsInFlight: number): Reference {
  return {
    logprobs: async (sequences) => {
      const results: Float32Array[] = [];
      await eachInFlight([...sequences.entries()], requestsInFlight, async ([i, sequence], signal) => {
        const request = {
          prompt: [...sequence.prompt, ...sequence.completion],
          count: 1,
          parameters: { maxTokens: 1 },
          promptLogprobs: true,
          topkPromptLogprobs: 0,
        };
        results[i] = scoredCompletion(await sampler.sample(request, signal), sequence, `reference, sequence ${i}`);
      });
      return results;
    },
    close: async () => {},
  };
}

function untouched(model: TrainingClient): Reference {
  return {
    logprobs: async (sequences) => {
      const { datums, loss } = valuePass(sequences);
      return completionLogprobs(await model.forward(datums, loss), sequences);
    },
    close: () => model.unload(),
  };
}
