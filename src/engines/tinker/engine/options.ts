// What the Tinker engine is opened with.

import type { Tokenizer } from "../../engine.js";
import type { ProfileName } from "./profile.js";

export interface TinkerEngineOptions {
  /** Null: TINKER_BASE_URL, else the hosted service. The key is TINKER_API_KEY's, always. */
  readonly baseUrl: string | null;
  /** As the server names it. */
  readonly model: string;
  readonly tokenizer: Tokenizer;
  /** Null: what the server says of the model. */
  readonly contextLength: number | null;
  readonly profile: ProfileName | "auto";
  readonly wire: "auto" | "protobuf" | "json";
  /** Null trains all weights. */
  readonly lora: {
    readonly rank: number;
    readonly seed: number;
    readonly trainMlp: boolean;
    readonly trainAttention: boolean;
    readonly trainUnembed: boolean;
  } | null;
  /** Sampling requests under way at once. */
  readonly requestsInFlight: number;
  /** Sequences a sampling request asks for at most; null: all of a prompt's. */
  readonly sequencesPerRequest: number | null;
  /** Whether something asks for logprobs of the frozen reference. */
  readonly reference: boolean;
  readonly patienceMs: number;
  /** All pauses of the client, times this; for tests. */
  readonly timeScale?: number;
  readonly onNotice?: (message: string) => void;
}
