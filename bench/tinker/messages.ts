// What the processes of the simulation tell each other: the one that measures, the simulated server, the client.

import type { ConfigInput } from "../../src/train/config/schema.js";
import type { Rates } from "./fleet.js";
import type { Parts } from "./profile.js";

export interface ServerOptions {
  /** With the tokenizer's files and book.json. */
  readonly folder: string;
  readonly model: string;
  readonly contextLength: number;
  /** Of a sampled sequence. */
  readonly meanTokens: number;
  readonly rates: Rates;
}

/** So far. */
export interface Traffic {
  /** Over all sockets, headers included; as the server sees it. */
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** By endpoint; in bytes, bodies only. `largest`: that was received. */
  readonly requests: Readonly<
    Record<
      string,
      { readonly count: number; readonly received: number; readonly sent: number; readonly largest: number }
    >
  >;
  /** Sampling requests that waited for their answer at once. */
  readonly peakSamples: number;
  readonly peakConnections: number;
  readonly unknownPrompts: number;
  /** Of the server's process. */
  readonly cpuSeconds: number;
}

export type FromServer =
  | { readonly kind: "listening"; readonly url: string }
  | { readonly kind: "traffic"; readonly traffic: Traffic };

export interface ClientOptions {
  /** The run's folder. */
  readonly path: string;
  readonly config: ConfigInput;
  /** Where a profile of each step is written: this, the step and `.cpuprofile`. Null: nowhere. */
  readonly profiles: string | null;
}

/** What the client's process says of itself when a step is done; CPU since the last one. */
export interface ClientStep {
  readonly step: number;
  readonly seconds: Readonly<Record<"step" | "sample" | "judge" | "recycle" | "update", number>>;
  /** Of the main thread's processor time, in seconds. */
  readonly parts: Parts;
  /** Of its other threads, and of the processes that judge. */
  readonly threadSeconds: number;
  readonly judgeSeconds: number;
  readonly judgedPrograms: number;
  readonly recycledPrograms: number;
  readonly sampledTokens: number;
  readonly trainedTokens: number;
  readonly updates: number;
  /** Resident, of the client's process since it began, and of the judging processes now. */
  readonly peakBytes: number;
  readonly judgeBytes: number;
  /** How late a timer came, in ms. */
  readonly delay: { readonly p50: number; readonly p99: number; readonly max: number };
}

export type FromClient = { readonly kind: "begin" } | { readonly kind: "step"; readonly step: ClientStep };
