import { describe, expect, it } from "vitest";
import { heldSource } from "../../dashboard-ui/held.js";
import { keyOf } from "../../src/dashboard/api/question.js";
import { reportAnswers } from "../../src/dashboard/report/answers.js";
import { HOSTILE, hostileRun } from "../../src/dashboard/report/test-hostile-run.js";

const run = "r";
const { answers } = await reportAnswers(hostileRun().path, run);
const source = heldSource(answers);

describe("what a report answers", () => {
  it("is a part of its curves, and nulls for a metric that it has not", async () => {
    expect(await source.ask("metrics", { run, names: ["alignment/reward_mean", "policy/kl"], after: 1 })).toEqual({
      run,
      steps: [2],
      columns: { "alignment/reward_mean": [0.5], "policy/kl": [null] },
    });
  });

  it("is its rollouts by filter, in order, a page at a time", async () => {
    const all = await source.ask("rollouts", { run });
    expect([all.total, all.rows.length]).toEqual([8, 8]);
    expect(all.rows.map(({ step }) => step)).toEqual([2, 2, 2, 2, 1, 1, 1, 1]);
    const failed = await source.ask("rollouts", { run, verdict: "failed", toStep: 1 });
    expect(failed.rows).toMatchObject([{ step: 1, group: 0, sample: 0, verdict: "failed" }]);
    const best = await source.ask("rollouts", { run, order: "-reward", offset: 3, limit: 2 });
    expect(best.rows.map(({ reward }) => reward)).toEqual([1, 0]);
    expect(best).toMatchObject({ total: 8, offset: 3 });
  });

  it("is a search, links between the two tasks, and the problems met", async () => {
    const found = await source.ask("search", { run, text: "ONERROR=alert(2)", task: "code" });
    expect(found.rows.map(({ step, task }) => [step, task])).toEqual([2, 2, 1, 1].map((step) => [step, "code"]));
    expect(found.rows[0]?.excerpt).toContain("onerror=alert(2)");
    expect((await source.ask("search", { run, text: "not there" })).rows).toEqual([]);
    const { links } = await source.ask("links", { run, step: 1, group: 0, sample: 0 });
    expect(new Set(links.map(({ task }) => task))).toEqual(new Set(["alignment"]));
    const { problems } = await source.ask("problems", { run });
    expect(problems).toMatchObject([{ problem: HOSTILE, code: 4, passRate: 0.5, alignment: 4, firstPassed: 1 }]);
  });

  it("is refused in words where the report does not hold it", async () => {
    await expect(source.ask("group", { run, step: 7, group: 0 })).rejects.toThrow("coderlplus dashboard");
    expect(Object.keys(answers)).toContain(keyOf("group", { run, step: 2, group: 0 }));
  });
});
