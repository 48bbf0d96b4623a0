import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { moduleArguments } from "../core/worker.js";
import { openTestHub } from "../problems/hub/test-hub.js";

const MAIN = moduleArguments(new URL("./main.js", import.meta.url));

test("a benchmark's tasks are fetched to where eval looks, with size and licence before and the next command behind", async () => {
  const folder = mkdtempSync(join(tmpdir(), "coderlplus-fetch-"));
  const tasks = Buffer.from('{"task_id": 1}\n'.repeat(4000));
  const hub = await openTestHub(
    { "20240121-Jul.jsonl": tasks, "README.md": Buffer.from("about") },
    { repository: "TechxGenus/LeetCode-Contest" },
  );
  try {
    const flags = [...MAIN, "data", "fetch", "leetcode", "--mirror", hub.url];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, flags, { cwd: folder });
    expect(stderr.split("\n")[0]).toBe(
      "TechxGenus/LeetCode-Contest: 1 file, 0.1 MB; licence: DeepSeek licence (other); problem texts belong to LeetCode",
    );
    expect(stderr).toContain("0.1 MB of 0.1 MB, 0/1 files");
    expect(readFileSync(join(folder, "data/leetcode/20240121-Jul.jsonl")).equals(tasks)).toBe(true);
    expect(stdout).toMatch(/every hash is right/);
    expect(stdout.trim().split("\n").at(-1)).toBe("  coderlplus eval leetcode --engine MODEL_FOLDER");
  } finally {
    await hub.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
