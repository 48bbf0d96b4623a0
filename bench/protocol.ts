// What it costs to write and read the largest messages of the Tinker protocol: a batch of long datums, and its logprobs.

import {
  decodeForwardBackward,
  decodeOutput,
  encodeForwardBackward,
  encodeOutput,
} from "../src/engines/tinker/protocol/forward-backward.js";
import type { ForwardBackwardRequest } from "../src/engines/tinker/protocol/records.js";

const DATUMS = 128;
const TOKENS = 10_000;
const REPEATS = 7;

const ids = () => Array.from({ length: TOKENS }, () => Math.floor(Math.random() * 150_000));
const floats = () => Float32Array.from({ length: TOKENS }, () => -Math.random());

const request: ForwardBackwardRequest = {
  modelId: "session:train:0",
  sequenceId: 1,
  datums: Array.from({ length: DATUMS }, () => ({
    modelInput: ids(),
    lossInputs: {
      target_tokens: { dtype: "int64", data: ids() },
      logprobs: { dtype: "float32", data: floats() },
      advantages: { dtype: "float32", data: floats() },
    },
  })),
  loss: "ppo",
  lossConfig: { clip_low_threshold: 0.8, clip_high_threshold: 1.28 },
  forwardOnly: false,
};
const output = { outputs: Array.from({ length: DATUMS }, () => ({ logprobs: floats() })), metrics: { "loss:sum": 1 } };

/** CPU time, since the machine may be busy: the median of some runs. */
function medianMs(act: () => unknown): number {
  const times = Array.from({ length: REPEATS }, () => {
    const before = process.cpuUsage();
    act();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return times.sort((a, b) => a - b)[Math.floor(REPEATS / 2)];
}

function line(name: string, bytes: number, ms: number): string {
  return `${name.padEnd(34)} ${(bytes / 1e6).toFixed(1).padStart(6)} MB ${ms.toFixed(0).padStart(6)} ms ${(bytes / 1e3 / ms).toFixed(0).padStart(6)} MB/s\n`;
}

for (const wire of ["protobuf", "json"] as const) {
  const sent = encodeForwardBackward(request, wire);
  const answered = encodeOutput(output, wire);
  process.stdout.write(
    line(
      `${wire}: writing a request`,
      sent.body.length,
      medianMs(() => encodeForwardBackward(request, wire)),
    ) +
      line(
        `${wire}: reading it`,
        sent.body.length,
        medianMs(() => decodeForwardBackward(sent.body, sent.contentType)),
      ) +
      line(
        `${wire}: writing its logprobs`,
        answered.body.length,
        medianMs(() => encodeOutput(output, wire)),
      ) +
      line(
        `${wire}: reading them`,
        answered.body.length,
        medianMs(() => decodeOutput(answered.body, answered.contentType)),
      ),
  );
}
