// Memory stays flat over many calls: a copy of the weights kept for each would be 1.5 MB a call.

import { expect, it } from "vitest";
import { openEmbedded } from "../src/engines/embedded/embedded.js";
import { bundled } from "../src/problems/bundled.js";

it("an engine's memory does not grow with the number of calls", async () => {
  const engine = await openEmbedded({ model: bundled("bundled", "model"), threads: 2 });
  const prompt = engine.model.tokenizer.encode("def f(x):");
  const score = async (calls: number): Promise<number> => {
    for (let i = 0; i < calls; i++) await engine.logprobs([{ prompt, completion: prompt }]);
    return process.memoryUsage.rss();
  };
  const before = await score(50);
  const after = await score(200);
  expect((after - before) / 1e6).toBeLessThan(120);
  await engine.close();
});
