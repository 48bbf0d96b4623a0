import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

const oxlint = join(import.meta.dirname, "../node_modules/.bin/oxlint");

function lint(file: string, source: string): { readonly status: number | null; readonly output: string } {
  const root = mkdtempSync(join(tmpdir(), "coderlplus-lint-"));
  copyFileSync(join(import.meta.dirname, "../.oxlintrc.json"), join(root, ".oxlintrc.json"));
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), source);
  const { status, stdout } = spawnSync(oxlint, ["src"], { cwd: root, encoding: "utf8" });
  return { status, output: stdout };
}

describe("room boundaries", () => {
  it.each([
    ["src/core/bad.ts", "../train/config/schema.js"],
    ["src/judge/bad.ts", "../alignment/pool.js"],
    ["src/algorithms/bad.ts", "../engines/engine.js"],
    ["src/dashboard/bad.ts", "../train/train.js"],
    ["src/dashboard/bad.ts", "../rollouts/rollout.js"],
    ["src/dashboard/report/bad.ts", "../../rollouts/rollout.js"],
    ["src/engines/embedded/bad.ts", "../../rollouts/rollout.js"],
  ])("%s may not import %s", (file, target) => {
    const { status, output } = lint(file, `import { x } from "${target}";\nexport const y = x;\n`);
    expect(status).not.toBe(0);
    expect(output).toContain("no-restricted-imports");
  });

  it.each([
    ["src/train/good.ts", "../core/rng.js"],
    ["src/algorithms/good.ts", "../core/maths.js"],
    ["src/tracer/good.ts", "../sandbox/sandbox.js"],
    ["src/dashboard/good.ts", "./rollouts/answers.js"],
    ["src/dashboard/report/good.ts", "../rollouts/answers.js"],
  ])("%s may import %s", (file, target) => {
    expect(lint(file, `import { x } from "${target}";\nexport const y = x;\n`).output).not.toContain(
      "no-restricted-imports",
    );
  });
});
