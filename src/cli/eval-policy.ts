// Who is evaluated, from the command line: an engine's weights, an endpoint, or a file of completions; and where what is
// kept of it lies by default.

import { basename, join, resolve } from "node:path";
import { UsageError } from "../core/errors.js";
import type { Engine } from "../engines/engine.js";
import { type CompletionsFile, openCompletionsFile } from "../eval/policies/completions-file.js";
import { endpointPolicy, modelsOf } from "../eval/policies/endpoint.js";
import { addressFrom } from "../eval/policies/endpoint-address.js";
import { enginePolicy } from "../eval/policies/engine.js";
import type { Policy } from "../eval/policies/policy.js";
import { openWeights, SERVERS, weightsIdentity } from "../train/weights.js";
import { weightsAt } from "./weights-at.js";

export interface PolicyFlags {
  readonly engine?: string;
  readonly checkpoint?: number | "best";
  /** Of a model on a server. */
  readonly tokenizer?: string;
  readonly endpoint?: string;
  readonly model?: string;
  readonly completions?: string;
  readonly seed: number;
  readonly concurrency: number;
  readonly samplesPerRequest: number;
  readonly timeout: number;
}

export interface Evaluated {
  /** Of the checkpoint; 0 where there is none. */
  readonly step: number;
  readonly folder: string;
  readonly policy: Policy;
  /** Completions a task, where they are there and not asked for. */
  readonly samplesOf?: CompletionsFile["samplesOf"];
}

const PAUSE_MS = 500;

/** Opens nothing that takes long. @throws UsageError where the flags name no policy, or more than one */
export async function policyFrom(flags: PolicyFlags): Promise<Evaluated> {
  const { engine, endpoint, completions, model } = flags;
  // A base URL in the environment is one, where a model is named and nothing else.
  const named = [
    engine,
    completions,
    endpoint ?? (engine === undefined && completions === undefined ? model : undefined),
  ];
  if (named.filter((name) => name !== undefined).length !== 1) {
    throw new UsageError(
      "expected one policy: --engine with a model folder, a run, the word bundled or tinker:NAME; --endpoint with --model; or --completions",
    );
  }
  if (engine !== undefined) return engineFrom(engine, flags);
  if (completions !== undefined) {
    const file = openCompletionsFile(completions);
    return { step: 0, folder: folderOf(file.policy.name), ...file };
  }
  return endpointFrom(flags);
}

async function endpointFrom(flags: PolicyFlags): Promise<Evaluated> {
  const { model, seed, concurrency, samplesPerRequest, timeout } = flags;
  const endpoint = { ...addressFrom(flags.endpoint, process.env), timeoutMs: 1000 * timeout, pauseMs: PAUSE_MS };
  if (model === undefined) {
    const names = await modelsOf(endpoint);
    throw new UsageError(
      `${endpoint.url}: name the model with --model${names.length > 0 ? `; the endpoint has ${names.join(", ")}` : ""}`,
    );
  }
  const policy = endpointPolicy(endpoint, { model, seed, concurrency, samplesPerRequest });
  return { step: 0, folder: folderOf(model), policy };
}

function engineFrom(path: string, { checkpoint, seed, tokenizer }: PolicyFlags): Evaluated {
  const { step, ...weights } = weightsAt(path, checkpoint);
  const { model, run } = weights;
  const name = nameOf(path, run);
  const identity = { weights: weightsIdentity(model) };
  const open = (): Promise<Engine> => openWeights(weights, { tokenizer, onNotice: say });
  const policy = enginePolicy(open, { name, identity, seed });
  return { step, folder: run === null ? folderOf(name) : join(run, "eval"), policy };
}

function nameOf(path: string, run: string | null): string {
  if (path.startsWith(SERVERS)) return path.slice(SERVERS.length);
  return basename(resolve(run ?? path));
}

function say(notice: string): void {
  process.stderr.write(`${notice}\n`);
}

function folderOf(name: string): string {
  return join("runs", "evaluations", name.replaceAll(/[^\w.-]+/g, "-"));
}
