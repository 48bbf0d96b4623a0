// What a simulation measured, as figures of one step (the median of those after the first, in which compilers warm up)
// and as a table with a column for each job.

import { quantile } from "../../src/core/maths.js";
import { PARTS, type Parts } from "./profile.js";
import type { Job, Step } from "./simulation.js";

export interface Figures {
  readonly name: string;
  readonly steps: number;
  readonly rollouts: number;
  readonly sampledTokens: number;
  readonly trainedTokens: number;
  /** Of the clock. */
  readonly seconds: Readonly<Record<"step" | "sample" | "update", number>>;
  /** Processor time: the main thread's by part, other threads of the client, the judging processes. */
  readonly parts: Parts;
  readonly mainSeconds: number;
  readonly threadSeconds: number;
  readonly judgeSeconds: number;
  readonly judgedPrograms: number;
  readonly recycledPrograms: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly largestRequestBytes: number;
  readonly requests: number;
  readonly samplingRequests: number;
  readonly polls: number;
  readonly trainingRequests: number;
  readonly peakSamples: number;
  readonly peakConnections: number;
  readonly peakBytes: number;
  readonly judgeBytes: number;
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
  readonly serverSeconds: number;
  /** 0, or the judging and tracing were not those of a real run. */
  readonly unknownPrompts: number;
}

export function figuresOf(job: Job, steps: readonly Step[]): Figures {
  const counted = steps.length > 1 ? steps.slice(1) : steps;
  const of = (value: (step: Step) => number): number => quantile(counted.map(value), 0.5);
  const most = (value: (step: Step) => number): number => Math.max(...steps.map(value));
  const requestsTo = (step: Step, name: string): number => step.traffic.requests[name]?.count ?? 0;
  const parts = Object.fromEntries(PARTS.map((part) => [part, of(({ client }) => client.parts[part])])) as Parts;
  return {
    name: job.name,
    steps: counted.length,
    rollouts: job.prompts * job.groupSize,
    sampledTokens: of(({ client }) => client.sampledTokens),
    trainedTokens: of(({ client }) => client.trainedTokens),
    seconds: {
      step: of(({ client }) => client.seconds.step),
      sample: of(({ client }) => client.seconds.sample),
      update: of(({ client }) => client.seconds.update),
    },
    parts,
    mainSeconds: of(({ client }) => Object.values(client.parts).reduce((a, b) => a + b, 0)),
    threadSeconds: of(({ client }) => client.threadSeconds),
    judgeSeconds: of(({ client }) => client.judgeSeconds),
    judgedPrograms: of(({ client }) => client.judgedPrograms),
    recycledPrograms: of(({ client }) => client.recycledPrograms),
    sentBytes: of(({ traffic }) => traffic.receivedBytes),
    receivedBytes: of(({ traffic }) => traffic.sentBytes),
    largestRequestBytes: most(({ traffic }) => traffic.requests["forward_backward"]?.largest ?? 0),
    requests: of(({ traffic }) => Object.values(traffic.requests).reduce((sum, { count }) => sum + count, 0)),
    samplingRequests: of((step) => requestsTo(step, "asample")),
    polls: of((step) => requestsTo(step, "retrieve_future")),
    trainingRequests: of((step) => requestsTo(step, "forward_backward")),
    peakSamples: most(({ traffic }) => traffic.peakSamples),
    peakConnections: most(({ traffic }) => traffic.peakConnections),
    peakBytes: most(({ client }) => client.peakBytes),
    judgeBytes: most(({ client }) => client.judgeBytes),
    delayP99Ms: of(({ client }) => client.delay.p99),
    delayMaxMs: most(({ client }) => client.delay.max),
    serverSeconds: of(({ traffic }) => traffic.cpuSeconds),
    unknownPrompts: most(({ traffic }) => traffic.unknownPrompts),
  };
}

type Row = readonly [label: string, value: (figures: Figures) => string];

const fixed = (value: number, digits = 1): string => value.toFixed(digits);
const mega = (bytes: number): string => fixed(bytes / 1e6);

const PART_LABELS: Readonly<Record<keyof Parts, string>> = {
  encode: "encode",
  decode: "decode",
  tokenizer: "tokenizer",
  judge: "extract, judge, trace: this side",
  http: "http",
  client: "client and engine",
  loop: "loop, records",
  collector: "garbage collector",
  rest: "rest",
};

const ROWS: readonly Row[] = [
  ["rollouts a step", ({ rollouts }) => String(rollouts)],
  ["tokens sampled", ({ sampledTokens }) => String(sampledTokens)],
  ["tokens trained", ({ trainedTokens }) => String(trainedTokens)],
  ["clock: step, s", ({ seconds }) => fixed(seconds.step)],
  ["  sampling", ({ seconds }) => fixed(seconds.sample)],
  ["  update", ({ seconds }) => fixed(seconds.update)],
  ["client, main thread, CPU s", ({ mainSeconds }) => fixed(mainSeconds, 2)],
  ...PARTS.map((part): Row => [`  ${PART_LABELS[part]}`, ({ parts }) => fixed(parts[part], 2)]),
  ["client, other threads, CPU s", ({ threadSeconds }) => fixed(threadSeconds, 2)],
  ["judging processes, CPU s", ({ judgeSeconds }) => fixed(judgeSeconds, 2)],
  ["  programs judged", ({ judgedPrograms }) => String(judgedPrograms)],
  ["  examples made by tracing", ({ recycledPrograms }) => String(recycledPrograms)],
  ["client, peak memory, MB", ({ peakBytes }) => mega(peakBytes)],
  ["judging processes, MB", ({ judgeBytes }) => mega(judgeBytes)],
  ["sent, MB", ({ sentBytes }) => mega(sentBytes)],
  ["received, MB", ({ receivedBytes }) => mega(receivedBytes)],
  ["largest request, MB", ({ largestRequestBytes }) => mega(largestRequestBytes)],
  ["requests", ({ requests }) => String(requests)],
  ["  to sample", ({ samplingRequests }) => String(samplingRequests)],
  ["  forward_backward", ({ trainingRequests }) => String(trainingRequests)],
  ["  polls", ({ polls }) => String(polls)],
  ["peak of samples under way", ({ peakSamples }) => String(peakSamples)],
  ["peak of connections", ({ peakConnections }) => String(peakConnections)],
  ["event loop late, p99 ms", ({ delayP99Ms }) => fixed(delayP99Ms, 0)],
  ["event loop late, most, ms", ({ delayMaxMs }) => fixed(delayMaxMs, 0)],
  ["simulated server, CPU s", ({ serverSeconds }) => fixed(serverSeconds, 2)],
  ["prompts it did not know", ({ unknownPrompts }) => String(unknownPrompts)],
];

export function reportText(all: readonly Figures[]): string {
  const rows = [
    ["a step, median", ...all.map(({ name }) => name)],
    ...ROWS.map(([label, value]) => [label, ...all.map(value)]),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i] + 3))).join(""))
    .join("\n");
}
