import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { searchPage } from "../api/rollouts.js";
import { openRollouts } from "./answers.js";
import { excerptOf, needleOf } from "./excerpt.js";
import { freshRun, places, question, record } from "./test-run.js";

describe("search", () => {
  it("finds a text in prompt, completion and program, upper and lower case alike, the newest first", async () => {
    const run = freshRun();
    run.writeRollouts(1, [
      record(1, 0, 0, { completion: 'print("Größe\\n")' }),
      record(1, 0, 1, { prompt: "SORTED by size" }),
      record(1, 0, 2, { problem: "sorted", stopReason: "length" }),
    ]);
    run.writeRollouts(2, [question(2, 0, 0, { program: "x = sorted(a)" }), record(2, 1, 0)]);
    const rollouts = openRollouts(run.path);
    const found = async (text: string, more = {}): Promise<string[]> => {
      const page = searchPage.parse(await rollouts.search({ text, ...more }));
      expect([page.cursor, page.searched, page.of]).toEqual([null, 2, 2]);
      return places(page.rows);
    };
    expect(await found("Sorted")).toEqual(["2.0.0", "1.0.1"]);
    expect(await found("sorted", { task: "code" })).toEqual(["1.0.1"]);
    expect(await found("sorted", { toStep: 1 })).toEqual(["1.0.1"]);
    expect(await found('"GRÖSSE')).toEqual([]);
    expect(await found('("grÖße\\n")')).toEqual(["1.0.0"]);
    expect(await found("ö")).toEqual(["1.0.0"]);
    expect(await found("stopReason")).toEqual([]);
    expect((await rollouts.search({ text: "SIZE" })).rows[0].excerpt).toBe("SORTED by size");
    await rollouts.close();
  });

  it("goes on from the cursor until everything was searched, and nothing is missed or told twice", async () => {
    const run = freshRun();
    const told: string[] = [];
    for (const step of [3, 2, 1]) {
      const records = Array.from({ length: 70 }, (_, i) =>
        record(step, i, 0, { completion: (i + step) % 3 === 0 ? "hay" : "a needle" }),
      );
      run.writeRollouts(step, records);
      told.push(...places(records.filter(({ completion }) => completion !== "hay")));
    }
    const rollouts = openRollouts(run.path);
    const found: string[] = [];
    let answers = 0;
    for (let cursor: number | null | undefined; cursor !== null; answers++) {
      const page = await rollouts.search({ text: "needle", cursor });
      found.push(...places(page.rows));
      cursor = page.cursor;
      expect(page.rows.length).toBeLessThanOrEqual(50);
    }
    expect(found).toEqual(told);
    expect(answers).toBeGreaterThan(1);
    await rollouts.close();
  });

  it("never leaves out by its bytes what is in the text", () => {
    const texts = fc.oneof(fc.string(), fc.string({ unit: "grapheme" }), fc.constantFrom('a "b\\n', "x\u2028y", "Ä/ö"));
    fc.assert(
      fc.property(texts, texts, texts, (before, text, after) => {
        fc.pre(text.length > 0 && !/[\u212a\u0130]/.test(text));
        const line = JSON.stringify({ completion: before + text.toUpperCase() + after });
        fc.pre(excerptOf(line, text.toLowerCase()) !== null);
        const bytes = Buffer.from(line).toString("latin1").toLowerCase();
        expect(bytes).toContain(needleOf(text));
      }),
    );
  });

  it("cuts an excerpt around what was found, never through a character", () => {
    const line = JSON.stringify({ completion: `${"😀".repeat(40)}x${"😀".repeat(40)}` });
    const excerpt = excerptOf(line, "x") ?? "";
    expect(excerpt).toMatch(/^….*x.*…$/su);
    expect(excerpt).not.toMatch(/\p{Cs}/u);
    expect(excerptOf("{", "x")).toBeNull();
    expect(excerptOf("null", "x")).toBeNull();
  });
});
