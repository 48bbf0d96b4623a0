// Any OpenAI-compatible endpoint as a policy: vLLM, SGLang, llama.cpp or a hosted model, by chat or by completion. One
// request a sample with a seed of its own, or several samples a request. Not here: the request itself
// (endpoint-request.ts), nor what the server computes; that the same seed gives the same text is the server's promise.

import { EngineError, UsageError } from "../../core/errors.js";
import { Rng } from "../../core/rng.js";
import { suggestion } from "../../core/schema.js";
import { type EndpointAnswer, readAnswer, readModels } from "./endpoint-answer.js";
import { type Answer, ask, type Endpoint } from "./endpoint-request.js";
import { inParallel } from "./in-parallel.js";
import type { Completion, CompletionRequest, Policy } from "./policy.js";
import { untilStop } from "./stop-text.js";

export interface EndpointOptions {
  readonly model: string;
  readonly seed: number;
  /** Requests under way at once. */
  readonly concurrency: number;
  /** Asked for with `n`; servers that know no `n` give one, and are asked again. */
  readonly samplesPerRequest: number;
}

interface Work {
  /** Of the request for completions. */
  readonly place: number;
  readonly request: CompletionRequest;
  readonly samples: readonly number[];
}

/** Completion tokens that the server is asked for, and those of the prompt where that had to be found out. */
interface Room {
  /** Of prompt and completion together. */
  readonly limit: number;
  readonly maxTokens: number;
  readonly promptTokens: number | null;
}

export function endpointPolicy(endpoint: Endpoint, options: EndpointOptions): Policy {
  return {
    name: options.model,
    identity: { endpoint: endpoint.url, model: options.model },
    async complete(requests, onFinished, signal) {
      const asking = new Asking(endpoint, options, signal);
      const work = requests.flatMap((request, place): Work[] =>
        pieces(request.samples, options.samplesPerRequest).map((samples) => ({ place, request, samples })),
      );
      await inParallel(work, options.concurrency, signal, ({ place, request, samples }) =>
        asking.complete(request, samples, (sample, completion) => onFinished(place, sample, completion)),
      );
    },
    close: async () => {},
  };
}

/** @throws UsageError, EngineError where the endpoint does not tell */
export async function modelsOf(endpoint: Endpoint): Promise<readonly string[]> {
  const answer = await ask(endpoint, "/models", null, readModels);
  return answer.kind === "answer" ? answer.value : [];
}

const CONTEXT_REFUSAL = /context|too (long|large)|maximum.*tokens|exceed/i;
const CONTEXT_LENGTH = /(?:context|maximum)[^.]*?(\d{3,})/i;

/** One evaluation's questions to an endpoint, and what was learnt of its limits on the way. */
class Asking {
  readonly #prompts = new Map<CompletionRequest, Promise<number | null>>();
  /** Of prompt and completion, once the server has refused more. */
  #contextTokens = Number.POSITIVE_INFINITY;

  constructor(
    private readonly endpoint: Endpoint,
    private readonly options: EndpointOptions,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async complete(
    request: CompletionRequest,
    samples: readonly number[],
    onFinished: (sample: number, completion: Completion) => void,
  ): Promise<void> {
    for (let left = samples; left.length > 0; ) {
      const room = await this.#room(request);
      if (room.maxTokens < 1) {
        for (const sample of left) onFinished(sample, noRoom(room.promptTokens));
        return;
      }
      const answer = await this.#ask(request, left, room.maxTokens);
      if (answer.kind === "refused") {
        await this.#learn(request, room, answer);
        continue;
      }
      const completions = toCompletions(answer.value, request.decoding.stop).slice(0, left.length);
      for (const [i, completion] of completions.entries()) onFinished(left[i], completion);
      left = left.slice(completions.length);
    }
  }

  /** Where no limit is known that the prompt has a part in, nothing is asked. */
  async #room(request: CompletionRequest): Promise<Room> {
    const { maximumTokens, contextTokens = Number.POSITIVE_INFINITY } = request.decoding;
    const limit = Math.min(contextTokens, this.#contextTokens);
    if (limit === Number.POSITIVE_INFINITY) return { limit, maxTokens: maximumTokens, promptTokens: null };
    let prompt = this.#prompts.get(request);
    if (!prompt) {
      prompt = this.#measure(request, limit);
      this.#prompts.set(request, prompt);
    }
    const promptTokens = await prompt;
    return { limit, maxTokens: Math.min(maximumTokens, limit - (promptTokens ?? limit)), promptTokens };
  }

  /**
   * The prompt's tokens, by a request for one token: only the server has its tokenizer and its template. null where the
   * prompt is more than it takes.
   */
  async #measure(request: CompletionRequest, limit: number): Promise<number | null> {
    const answer = await this.#ask(request, request.samples.slice(0, 1), 1);
    if (answer.kind === "refused") {
      if (isContextRefusal(answer)) return null;
      throw await this.#refusal(request, answer);
    }
    const { promptTokens } = answer.value;
    if (promptTokens !== null) return promptTokens;
    throw new EngineError(
      `${this.endpoint.url}: does not say how many tokens a prompt has (usage.prompt_tokens), and prompt and ` +
        `completion are to be ${limit} together; take that limit off with --context-tokens 0`,
    );
  }

  /** A server refuses completions that its context might not hold, and says how long that is. @throws for all else */
  async #learn(request: CompletionRequest, room: Room, refused: Refused): Promise<void> {
    const said = isContextRefusal(refused) ? Number(CONTEXT_LENGTH.exec(refused.says)?.[1]) : Number.NaN;
    if (!(said < room.limit)) throw await this.#refusal(request, refused);
    this.#contextTokens = Math.min(this.#contextTokens, said);
  }

  #ask(
    { task, prompt, decoding }: CompletionRequest,
    samples: readonly number[],
    maxTokens: number,
  ): Promise<Answer<EndpointAnswer>> {
    const { temperature, topP, stop } = decoding;
    const body = {
      model: this.options.model,
      ...(prompt.kind === "chat" ? { messages: prompt.messages } : { prompt: prompt.text }),
      temperature,
      top_p: topP,
      max_tokens: maxTokens,
      ...(stop.length > 0 && { stop }),
      seed: Rng.of("evaluation", this.options.seed, task, samples[0]).bits() >>> 1,
      ...(samples.length > 1 && { n: samples.length }),
    };
    const path = prompt.kind === "chat" ? "/chat/completions" : "/completions";
    return ask(this.endpoint, path, body, readAnswer, this.signal);
  }

  async #refusal({ task, prompt }: CompletionRequest, { status, says }: Refused): Promise<Error> {
    const path = prompt.kind === "chat" ? "/chat/completions" : "/completions";
    const found = `${this.endpoint.url}${path}: status ${status} for ${task} (${says || "no more was said"})`;
    if (status === 401 || status === 403) return new UsageError(`${found}; ${keyAdvice(this.endpoint)}`);
    const names = await modelsOf(this.endpoint).catch((): string[] => []);
    const { model } = this.options;
    if (names.length > 0 && !names.includes(model)) {
      return new UsageError(`${found}; the endpoint has no model "${model}"${suggestion(model, names)}`);
    }
    if (status !== 404) return new EngineError(found);
    const texts =
      prompt.kind === "text" ? "; this benchmark's prompts are texts to continue: try --prompts official" : "";
    return new UsageError(`${found}; check the base URL, which often ends in /v1${texts}`);
  }
}

type Refused = Extract<Answer<never>, { kind: "refused" }>;

function isContextRefusal({ status, says }: Refused): boolean {
  return (status === 400 || status === 413 || status === 422) && CONTEXT_REFUSAL.test(says);
}

function keyAdvice({ key }: Endpoint): string {
  return key === null
    ? "no key was sent: set CODERLPLUS_API_KEY (OPENAI_API_KEY goes to OPENAI_BASE_URL, OpenAI and this machine only)"
    : "the key was not accepted: look at CODERLPLUS_API_KEY or OPENAI_API_KEY";
}

function toCompletions(
  { choices, promptTokens, completionTokens }: EndpointAnswer,
  stop: readonly string[],
): Completion[] {
  return choices.map((choice) => {
    const { text, stopped } = untilStop(choice.text, stop);
    const stopReason = stopped ? "stop" : choice.stopReason;
    // Several choices share one count.
    return { text, stopReason, promptTokens, completionTokens: choices.length === 1 ? completionTokens : null };
  });
}

function noRoom(promptTokens: number | null): Completion {
  return { text: "", stopReason: "no-room", promptTokens, completionTokens: 0 };
}

function pieces<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
