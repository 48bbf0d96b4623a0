import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "dashboard-ui/**/*.test.ts", "tests/**/*.test.ts"],
    globalSetup: ["tests/build.ts"],
    setupFiles: ["tests/setup.ts"],
    // Far beyond what any takes: a loaded machine is slow, and what hangs is seen all the same.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // A process for each file: tests that measure memory see their own only.
    pool: "forks",
    // One more than the processors of a small machine: some tests wait for processes and threads of theirs.
    maxWorkers: 3,
  },
});
