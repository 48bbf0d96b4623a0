// What a client of a distributed engine costs: `npm run bench:tinker [-- --rollouts 128 --tokens 500 --steps 3 --rate 40000
// --compare wire,requests --json]`. The real loop trains through the real Tinker engine against a simulated server that
// answers as fast as a fleet of `--rate` tokens a second would: memory, processor time by part, bytes on the wire,
// requests under way. It says nothing about what a model learns, and nothing about a real server's speed.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CORPORA } from "./tinker/corpus.js";
import { figuresOf, reportText } from "./tinker/report.js";
import { type Job, prepare, simulate } from "./tinker/simulation.js";

const { values } = parseArgs({
  options: {
    /** Rollouts a step, eight a prompt. */
    rollouts: { type: "string", default: "128" },
    /** Mean length of one; they are between half and one and a half of it. */
    tokens: { type: "string", default: "500" },
    /** The first is not counted: compilers warm up, and the pool of alignment examples is empty. */
    steps: { type: "string", default: "3" },
    /** Tokens a second that the fleet samples in all. */
    rate: { type: "string", default: "40000" },
    /** Of one sequence. */
    "sequence-rate": { type: "string", default: "50" },
    /** Tokens a second that forward_backward takes. */
    "train-rate": { type: "string", default: "75000" },
    "requests-in-flight": { type: "string", default: "256" },
    "mini-batches": { type: "string", default: "2" },
    /** HumanEval's programs take longer to judge than the family's. */
    problems: { type: "string", default: CORPORA.join() },
    /** Interpreters that judge. */
    workers: { type: "string", default: "2" },
    wire: { type: "string", default: "protobuf" },
    /** Also with JSON in protobuf's place (wire), and with one sequence a request in eight's (requests). */
    compare: { type: "string", default: "" },
    /** Writes V8's profile of each step: FILE-<job>-<step>.cpuprofile. */
    profiles: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

const GROUP_SIZE = 8;
const OPTIMIZER_SECONDS = 1;
const WEIGHTS_SECONDS = 2;

/** The names in a list, all of which must be known. */
function chosen<Name extends string>(option: string, list: string, known: readonly Name[]): Name[] {
  return list.split(",").map((name) => {
    const found = known.find((one) => one === name);
    if (found !== undefined) return found;
    process.stderr.write(`--${option}: there is no "${name}"; there are ${known.join(", ")}\n`);
    return process.exit(2);
  });
}

const base: Job = {
  name: values.wire,
  corpora: chosen("problems", values.problems, CORPORA),
  prompts: Math.ceil(Number(values.rollouts) / GROUP_SIZE),
  groupSize: GROUP_SIZE,
  tokens: Number(values.tokens),
  steps: Number(values.steps),
  miniBatches: Number(values["mini-batches"]),
  wire: values.wire === "json" ? "json" : "protobuf",
  sequencesPerRequest: null,
  requestsInFlight: Number(values["requests-in-flight"]),
  judgeWorkers: Number(values.workers),
  rates: {
    tokensPerSecond: Number(values.rate),
    sequenceTokensPerSecond: Number(values["sequence-rate"]),
    trainedTokensPerSecond: Number(values["train-rate"]),
    optimizerSeconds: OPTIMIZER_SECONDS,
    weightsSeconds: WEIGHTS_SECONDS,
  },
  profiles: values.profiles ?? null,
};
const others = {
  wire: { ...base, name: "json", wire: "json" },
  requests: { ...base, name: "one-a-request", sequencesPerRequest: 1 },
} satisfies Record<string, Job>;
const ways = Object.keys(others) as Array<keyof typeof others>;
const compared = values.compare === "" ? [] : chosen("compare", values.compare, ways);

const progress = (text: string): void => void process.stderr.write(`${text}\n`);
const folder = mkdtempSync(join(tmpdir(), "coderlplus-bench-"));
try {
  progress("learning a tokenizer, judging and tracing what the simulated model will write");
  await prepare(folder, base);
  const figures = [];
  for (const job of [base, ...compared.map((name) => others[name])]) {
    const steps = await simulate(folder, job, ({ client }) =>
      progress(`${job.name}: step ${client.step} of ${job.steps}, ${client.seconds.step.toFixed(1)} s`),
    );
    figures.push(figuresOf(job, steps));
  }
  process.stdout.write(values.json ? `${JSON.stringify({ job: base, figures })}\n` : `${reportText(figures)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
