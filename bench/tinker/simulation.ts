// One simulated job: a server and a client in processes of their own, and what both say of each step.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toLines } from "../../src/core/jsonl.js";
import { moduleArguments } from "../../src/core/worker.js";
import { readTokenizer } from "../../src/engines/embedded/model/tokenizer.js";
import { resolveConfig } from "../../src/train/config/resolve.js";
import type { ConfigInput } from "../../src/train/config/schema.js";
import { writeBook } from "./book.js";
import { type Corpus, everything, problemsFor, prose } from "./corpus.js";
import type { Rates } from "./fleet.js";
import type { ClientOptions, ClientStep, FromClient, FromServer, ServerOptions, Traffic } from "./messages.js";
import { writeTokenizer } from "./tokenizer.js";

export interface Job {
  readonly name: string;
  /** Where problems come from. */
  readonly corpora: readonly Corpus[];
  readonly prompts: number;
  readonly groupSize: number;
  /** Mean of a completion. */
  readonly tokens: number;
  readonly steps: number;
  readonly miniBatches: number;
  readonly wire: "protobuf" | "json";
  /** Null: all of a prompt's. */
  readonly sequencesPerRequest: number | null;
  readonly requestsInFlight: number;
  readonly judgeWorkers: number;
  readonly rates: Rates;
  /** See {@link ClientOptions}; a job adds its name. */
  readonly profiles: string | null;
}

export interface Step {
  readonly client: ClientStep;
  /** Since the step before. */
  readonly traffic: Traffic;
}

const MODEL = "simulated-7B";
const CONTEXT_TOKENS = 32_768;
/** Each has slips that are judged and traced before anything is measured. */
const MOST_PROBLEMS = 512;
/** Completions are told to end by this, times their mean. */
const LONGEST = 1.5;

/** Writes what a job and its server read. The same for the same sizes, whatever the wire. */
export async function prepare(folder: string, job: Job): Promise<void> {
  writeTokenizer(folder, everything());
  const tokenizer = readTokenizer(folder);
  const problems = await problemsFor(job.corpora, Math.min(MOST_PROBLEMS, 2 * job.prompts));
  writeFileSync(join(folder, "problems.jsonl"), toLines(problems));
  writeFileSync(join(folder, "one.jsonl"), toLines(problems.slice(0, 1)));
  const { alignment, prompts } = resolveConfig(configOf(folder, "http://127.0.0.1", job), "bench");
  const options = { ...alignment, maximumPromptTokens: prompts.maximumTokens };
  writeFileSync(join(folder, "book.json"), JSON.stringify(await writeBook(problems, tokenizer, prose(), options)));
}

function configOf(folder: string, baseUrl: string, job: Job): ConfigInput {
  const maximumTokens = Math.ceil(LONGEST * job.tokens);
  return {
    recipe: "bench-tinker",
    engine: {
      kind: "tinker",
      baseUrl,
      model: MODEL,
      tokenizer: folder,
      contextLength: CONTEXT_TOKENS,
      profile: "hosted",
      wire: job.wire,
      requestsInFlight: job.requestsInFlight,
      sequencesPerRequest: job.sequencesPerRequest,
    },
    data: { train: join(folder, "problems.jsonl"), evaluation: join(folder, "one.jsonl") },
    prompts: { dialect: "chat", maximumTokens: 2048 },
    rollouts: { prompts: job.prompts, groupSize: job.groupSize, maximumTokens },
    judge: { workers: job.judgeWorkers },
    alignment: { maximumPerStep: job.prompts, maximumAnswerTokens: 200 },
    train: { steps: job.steps, miniBatches: job.miniBatches, checkpointEvery: job.steps },
    evaluation: { problems: 1 },
  };
}

/** Runs a job to its end. @throws where the client fails */
export async function simulate(folder: string, job: Job, onStep: (step: Step) => void): Promise<Step[]> {
  const options: ServerOptions = {
    folder,
    model: MODEL,
    contextLength: CONTEXT_TOKENS,
    meanTokens: job.tokens,
    rates: job.rates,
  };
  const server = start("./server.js", options);
  try {
    const url = await new Promise<string>((done, fail) => {
      server.on("message", (message: FromServer) => message.kind === "listening" && done(message.url));
      server.on("exit", (code) => fail(new Error(`the simulated server ended with code ${code}`)));
    });
    const path = join(folder, `run-${job.name}`);
    mkdirSync(path, { recursive: true });
    const profiles = job.profiles === null ? null : `${job.profiles}-${job.name}`;
    const client = start("./client.js", { path, config: configOf(folder, url, job), profiles });
    return await watch(client, server, onStep);
  } finally {
    server.kill();
  }
}

function start(module: string, options: ServerOptions | ClientOptions): ChildProcess {
  const args = [...moduleArguments(new URL(module, import.meta.url)), JSON.stringify(options)];
  const env = { ...process.env, TINKER_API_KEY: "tml-simulated" };
  return spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit", "ipc"], env });
}

async function watch(client: ChildProcess, server: ChildProcess, onStep: (step: Step) => void): Promise<Step[]> {
  const steps: Step[] = [];
  let before: Traffic | null = null;
  let told = Promise.resolve();
  const take = async (message: FromClient): Promise<void> => {
    const traffic = await trafficOf(server);
    if (message.kind === "step" && before) {
      const step = { client: message.step, traffic: since(before, traffic) };
      steps.push(step);
      onStep(step);
    }
    before = traffic;
  };
  client.on("message", (message: FromClient) => {
    told = told.then(() => take(message));
  });
  const code = await new Promise<number | null>((done) => client.on("exit", done));
  await told;
  if (code !== 0) throw new Error(`the client ended with code ${code}`);
  return steps;
}

function trafficOf(server: ChildProcess): Promise<Traffic> {
  return new Promise((done) => {
    const listener = (message: FromServer): void => {
      if (message.kind !== "traffic") return;
      server.off("message", listener);
      done(message.traffic);
    };
    server.on("message", listener);
    server.send({ kind: "tell" });
  });
}

/** Peaks stay those of the whole job. */
function since(before: Traffic, after: Traffic): Traffic {
  const requests = Object.entries(after.requests).map(([name, { count, received, sent, largest }]) => {
    const earlier = before.requests[name] ?? { count: 0, received: 0, sent: 0 };
    const counts = { count: count - earlier.count, received: received - earlier.received, sent: sent - earlier.sent };
    return [name, { ...counts, largest }] as const;
  });
  return {
    ...after,
    receivedBytes: after.receivedBytes - before.receivedBytes,
    sentBytes: after.sentBytes - before.sentBytes,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    requests: Object.fromEntries(requests),
  };
}
