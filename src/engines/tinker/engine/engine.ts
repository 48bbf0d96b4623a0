// The Tinker engine: the loop stays here; weights, gradients and sampling are on a server that speaks the Tinker protocol
// (Thinking Machines Lab). Opening it: what the server is, what it has, and whether it can do what was asked. What servers
// differ in is in profile.ts; ordering on the wire, retries and polling are the client's.

import { ConfigError } from "../../../core/errors.js";
import type { Engine } from "../../engine.js";
import type { TinkerClient } from "../client/client.js";
import { openTinker } from "../client/open.js";
import type { LoraConfig } from "../protocol/records.js";
import { publicUrl } from "./checkpoint.js";
import { detectProfile } from "./detect.js";
import type { TinkerEngineOptions } from "./options.js";
import { type Profile, profiles } from "./profile.js";
import { openReference } from "./reference.js";
import { RemoteEngine } from "./remote-engine.js";

/** What the reduction probe is made on. */
const PROBE = "def f(x):\n    return x\n";

/** @throws ConfigError naming the key of `engine` that this server cannot serve; the client's errors */
export async function openTinkerEngine(options: TinkerEngineOptions): Promise<Engine> {
  const { baseUrl, wire, patienceMs, onNotice, timeScale } = options;
  const client = await openTinker({
    ...(baseUrl !== null && { baseUrl }),
    wire,
    patienceMs,
    ...(onNotice && { onNotice }),
    ...(timeScale !== undefined && { timeScale }),
  });
  try {
    return await openModel(client, options);
  } catch (error) {
    await client.close();
    throw error;
  }
}

async function openModel(client: TinkerClient, options: TinkerEngineOptions): Promise<Engine> {
  const { model: baseModel, requestsInFlight } = options;
  const context = await contextLengthOf(client, options);
  const lora = loraConfig(options);
  const profile = await profileOf(client, options, lora);
  const training = await client.createModel({ baseModel, lora });
  const kind = referenceKind(profile, options);
  const reference =
    kind && options.reference ? await openReference(client, kind, { baseModel, lora, requestsInFlight }) : null;
  // A sampler that is asked for a prompt's logprobs draws a token more.
  const contextLength = reference && kind === "base-sampler" ? context - 1 : context;
  return new RemoteEngine(client, options, {
    profile,
    lora,
    training,
    reference,
    contextLength,
    hasReference: kind !== null,
  });
}

async function profileOf(client: TinkerClient, options: TinkerEngineOptions, lora: LoraConfig): Promise<Profile> {
  const { model: baseModel, tokenizer, onNotice } = options;
  let profile: Profile;
  if (options.profile === "auto") {
    const detected = await detectProfile(client, { baseModel, lora, tokens: tokenizer.encode(PROBE) });
    onNotice?.(`${publicUrl(client.baseUrl)}: ${detected.notice}`);
    profile = detected.profile;
  } else profile = profiles[options.profile];
  if (lora.rank > 0 || profile.trainsAllWeights) return profile;
  throw new ConfigError(`engine.lora is null, but ${profile.name} trains adapters only; set engine.lora.rank`);
}

/** @throws ConfigError where the server does not have the model, or does not say how long its context is */
async function contextLengthOf(
  client: TinkerClient,
  { model, contextLength }: Pick<TinkerEngineOptions, "model" | "contextLength">,
): Promise<number> {
  const { models } = await client.capabilities();
  const found = models.find(({ name }) => name === model);
  if (!found && models.length > 0) {
    const names = models.map(({ name }) => name).join(", ");
    throw new ConfigError(`engine.model is ${model}, but ${publicUrl(client.baseUrl)} has ${names}`);
  }
  const length = contextLength ?? found?.contextLength ?? null;
  if (length !== null) return length;
  throw new ConfigError(
    `${publicUrl(client.baseUrl)} does not say how long the context of ${model} is; set engine.contextLength`,
  );
}

function loraConfig({ lora }: Pick<TinkerEngineOptions, "lora">): LoraConfig {
  return lora ?? { rank: 0 };
}

function referenceKind({ reference }: Profile, { lora }: Pick<TinkerEngineOptions, "lora">): Profile["reference"] {
  return reference === "second-model" && lora === null ? null : reference;
}
