// Whoever writes completions for an evaluation: an engine of ours, an endpoint, or a file made elsewhere. The seam: what
// is asked and what comes back. Not here: which prompts a benchmark has, nor what an answer is worth.

export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** A chat model is given messages in its own template; a text is continued as it stands. */
export type Prompt =
  | { readonly kind: "chat"; readonly messages: readonly Message[] }
  | { readonly kind: "text"; readonly text: string };

/** How completions are drawn: part of a benchmark's definition. */
export interface Decoding {
  /** Completions a task. */
  readonly samples: number;
  /** 0 is greedy. */
  readonly temperature: number;
  /** The smallest set of tokens whose probability reaches this; 1 keeps all. */
  readonly topP: number;
  /** Of a completion, in tokens. */
  readonly maximumTokens: number;
  /** Prompt and completion together, where the definition limits them below the model's own context; in tokens. */
  readonly contextTokens?: number;
  /** A completion ends before the first of these texts. */
  readonly stop: readonly string[];
}

export interface CompletionRequest {
  readonly task: string;
  readonly prompt: Prompt;
  readonly decoding: Decoding;
  /** Which of the task's samples are wanted, counted from 0: after a resume those that are missing. */
  readonly samples: readonly number[];
}

export interface Completion {
  /** Without the stop text and what follows. */
  readonly text: string;
  /** `no-room`: the prompt leaves no token for a completion, whose text is empty. */
  readonly stopReason: "stop" | "length" | "no-room";
  /** null where the policy does not say. */
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
}

export interface Policy {
  /** For tables and folder names. */
  readonly name: string;
  /** What tells this policy from another one, such as a hash of the weights: completions of two are never mixed. */
  readonly identity: Readonly<Record<string, string>>;
  /**
   * Completes all requests, as many at once as suits the policy, and tells of each sample as it ends, in any order. A
   * sample that was told stays told, whatever becomes of the others.
   *
   * @param onFinished  with the request's place and the sample's number
   * @param signal      aborted, it gives up what is under way
   * @throws EngineError where the policy cannot go on, UsageError where the person can put that right, and anything once
   *   `signal` is aborted
   */
  complete(
    requests: readonly CompletionRequest[],
    onFinished: (request: number, sample: number, completion: Completion) => void,
    signal?: AbortSignal,
  ): Promise<void>;
  close(): Promise<void>;
}
