// Which profile a server has, where the config leaves it open. Two servers say who they are; of the others a scratch model
// is trained on one datum, once and twice over, at a learning rate of 0: what the gradient's norm makes of it is how the
// server reduces.

import { ConfigError } from "../../../core/errors.js";
import type { TinkerClient } from "../client/client.js";
import type { LoraConfig } from "../protocol/records.js";
import { linearPass } from "./passes.js";
import { type Profile, profileNames, profiles } from "./profile.js";

interface Detection {
  readonly profile: Profile;
  /** What was found, and what of it had to be guessed. */
  readonly notice: string;
}

/** @throws ConfigError asking for engine.profile where nothing tells */
export async function detectProfile(
  client: TinkerClient,
  options: { readonly baseModel: string; readonly lora: LoraConfig; readonly tokens: readonly number[] },
): Promise<Detection> {
  const { coderlplus } = client.flags;
  if (coderlplus) {
    return {
      profile: profiles.coderlplus,
      notice: `the server is coderlplus ${coderlplus.version}: profile coderlplus`,
    };
  }
  if (isHosted(client.baseUrl)) return { profile: profiles.hosted, notice: "the hosted service: profile hosted" };
  const { once, twice } = await probe(client, options);
  if (once === null || twice === null || !(once.norm > 0)) throw cannotTell("it tells no norm of a gradient");
  const ratio = twice.norm / once.norm;
  const found = `the same datum twice over makes the gradient ${ratio.toPrecision(3)} times as large`;
  const isSum = Math.abs(ratio - 2) < 0.05;
  if (!isSum && Math.abs(ratio - 1) > 0.05) throw cannotTell(found);
  const isSkyrl = once.name.startsWith("skyrl.ai/");
  if (isSkyrl && isSum) {
    return {
      profile: profiles["skyrl-fsdp"],
      notice: `the server is SkyRL and sums (${found}): profile skyrl-fsdp; say engine.profile where it runs on another back end`,
    };
  }
  if (isSkyrl) {
    return {
      profile: profiles["skyrl-jax"],
      notice: `the server is SkyRL and takes means of sequences (${found}): profile skyrl-jax`,
    };
  }
  if (isSum) {
    return {
      profile: profiles.opentinker,
      notice: `the server sums (${found}) and tells the norm as OpenTinker does: profile opentinker, which asks for nothing but cross_entropy; say engine.profile where it can do more`,
    };
  }
  throw cannotTell(found);
}

function isHosted(baseUrl: string): boolean {
  return /(^|\.)thinkingmachines\.dev$/.test(new URL(baseUrl).hostname);
}

interface Norm {
  readonly name: string;
  readonly norm: number;
}

/** Known names of the norm among an optim_step's metrics. */
const NORMS = ["skyrl.ai/grad_norm", "grad_norm"];

async function probe(
  client: TinkerClient,
  {
    baseModel,
    lora,
    tokens,
  }: { readonly baseModel: string; readonly lora: LoraConfig; readonly tokens: readonly number[] },
): Promise<{ readonly once: Norm | null; readonly twice: Norm | null }> {
  const model = await client.createModel({ baseModel, lora });
  try {
    const datum = { prompt: tokens.slice(0, 1), completion: tokens.slice(1) };
    const weights = new Float32Array(datum.completion.length).fill(1);
    const measure = async (times: number): Promise<Norm | null> => {
      const datums = Array.from({ length: times }, () => datum);
      const pass = linearPass(
        datums,
        datums.map(() => weights),
        profiles.opentinker,
      );
      const gradient = model.forwardBackward(pass.datums, pass.loss);
      // OpenTinker tells the norm only where it clips.
      const adam = { learningRate: 0, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0, gradientClip: 1e9 };
      const taken = model.optimStep(adam);
      taken.catch(() => {});
      await gradient;
      const { metrics } = await taken;
      const name = NORMS.find((known) => Number.isFinite(metrics[known]));
      return name === undefined ? null : { name, norm: metrics[name] };
    };
    return { once: await measure(1), twice: await measure(2) };
  } finally {
    await model.unload();
  }
}

function cannotTell(found: string): ConfigError {
  return new ConfigError(
    `engine.profile is auto, but what this server is cannot be told: ${found}; set engine.profile to one of ${profileNames.join(", ")}`,
  );
}
