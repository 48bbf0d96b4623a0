import { expect, test } from "vitest";
import { threadCpuMs } from "./cpu-time.js";

test.skipIf(process.platform !== "linux")("the CPU time of a thread grows with work and not with waiting", async () => {
  const before = threadCpuMs() ?? Number.NaN;
  await new Promise((resolve) => setTimeout(resolve, 300));
  const waited = (threadCpuMs() ?? Number.NaN) - before;
  expect(waited).toBeLessThan(150);
  const started = performance.now();
  while (performance.now() - started < 300);
  expect((threadCpuMs() ?? Number.NaN) - before - waited).toBeGreaterThan(20);
});
