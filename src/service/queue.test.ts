// The alignment queue over a real socket: what is refused with which words, a disk that takes nothing more, and a long report
// beside other clients.

import { mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { messageOf } from "../core/errors.js";
import { resolveTaskConfig } from "./tasks/config.js";
import { startService, type TestService } from "./test-service.js";

const folder = mkdtempSync(join(tmpdir(), "coderlplus-queue-"));
const faults: string[] = [];
let service: TestService;

beforeAll(async () => {
  const tasks = { config: resolveTaskConfig({}, "test"), folder };
  service = await startService({ tasks, report: (error) => faults.push(messageOf(error)) });
});
afterAll(async () => {
  await service.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Ids of the next tasks. */
async function next(n: number): Promise<string[]> {
  const { json } = await service.post("/tasks/next", { n });
  return (json as { tasks: Array<{ task_id: string }> }).tasks.map(({ task_id }) => task_id);
}

describe("the queue", () => {
  test("says of a task that nobody was given that it is not there", async () => {
    const item = { task_id: "code:none", response: "" };
    for (const [path, body] of [
      ["/reward", item],
      ["/slime/rm", { ...item, label: "code:none" }],
      ["/rollouts", { step: 1, items: [item] }],
    ] as const) {
      const { status, text } = await service.post(path, body);
      expect([status, text]).toEqual([404, expect.stringContaining('there is no task \\"code:none\\"')]);
    }
  });

  test("takes no step that has none after it", async () => {
    const { status } = await service.post("/rollouts", { step: Number.MAX_SAFE_INTEGER, items: [] });
    expect(status).toBe(422);
  });

  test("answers nothing that it could not write down, and goes on when it can", async () => {
    const journal = join(folder, "journal.jsonl");
    renameSync(journal, `${journal}.away`);
    mkdirSync(journal);
    const refused = await service.post("/tasks/next", { n: 5 });
    rmdirSync(journal);
    renameSync(`${journal}.away`, journal);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(refused.text).not.toContain(folder);
    expect(faults).toEqual([expect.stringContaining(journal)]);
    const { json } = await service.post("/rollouts", { step: 1, items: [] });
    expect(json).toMatchObject({ candidates: 0 });
  });

  test("lets others pass while it judges long reports", async () => {
    const tasks = await next(4);
    const order: string[] = [];
    const reports = [1, 2].map(async (report) => {
      const items = Array.from({ length: 60 }, (_, i) => ({
        task_id: tasks[i % tasks.length],
        response: `\n    return ${report * 1000 + i}\n`,
      }));
      await service.post("/rollouts", { step: 1, items }, { headers: { "x-client-id": "long" } });
      order.push("report");
    });
    while (!(await service.get("/metrics")).text.includes("coderlplus_running 2")) await new Promise(setImmediate);
    await service.post("/run_code", { language: "python", code: "print(1)" }, { headers: { "x-client-id": "short" } });
    order.push("short");
    await Promise.all(reports);
    expect(order[0]).toBe("short");
  });
});
