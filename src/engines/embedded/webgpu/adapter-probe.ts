// Run by adapter.ts in a process of its own: the self-test on this machine's adapter, one line of JSON on standard output.

import { messageOf } from "../../../core/errors.js";
import { traitsOf } from "../families/families.js";
import { UNGUARDED } from "../graph/program.js";
import type { Adapter } from "./adapter.js";
import { placementText } from "./placement.js";
import { testWebgpu } from "./self-test.js";
import { NO_ADAPTER, openOnWebgpu } from "./session.js";

const CONFIG = {
  ...traitsOf("qwen2"),
  vocabularySize: 1,
  hiddenSize: 1,
  layers: 1,
  heads: 2,
  keyValueHeads: 1,
  headSize: 1,
  feedForwardSize: 1,
  contextLength: 1,
  normEpsilon: 1e-6,
  rope: { theta: 10_000, scaling: { kind: "none" } },
  tied: true,
} as const;

async function probe(): Promise<Adapter> {
  const started = performance.now();
  try {
    const placement = await testWebgpu(CONFIG, UNGUARDED.guard, openOnWebgpu);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    return { status: "ok", detail: `self-test passed in ${seconds} s; ${placementText(placement)}` };
  } catch (error) {
    const detail = messageOf(error);
    return { status: detail.startsWith(NO_ADAPTER) ? "off" : "failed", detail };
  }
}

process.stdout.write(`${JSON.stringify(await probe())}\n`);
