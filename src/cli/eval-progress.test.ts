import { describe, expect, it } from "vitest";
import { evaluationProgress } from "./eval-progress.js";

/** What is shown of an evaluation that completes and grades a sample a second. */
function shown(total: number, kept: number, terminal: boolean): string {
  const written: string[] = [];
  const out = { isTTY: terminal, columns: 70, write: (text: string) => written.push(text) };
  let seconds = 0;
  const show = evaluationProgress("toy", out as unknown as NodeJS.WriteStream, () => 1000 * seconds);
  for (let completed = kept; completed <= total; completed++, seconds++) {
    show({ total, completed, kept, graded: Math.max(kept, completed - 1), tokens: 30 * (completed - kept) });
  }
  show({ total, completed: total, kept, graded: total, tokens: 30 * (total - kept) });
  return written.join("");
}

describe("the progress of an evaluation", () => {
  it("is a line for every tenth in a pipe, with tokens, rate and time left", () => {
    const lines = shown(100, 0, false).trimEnd().split("\n");
    expect(lines).toHaveLength(11);
    expect(lines[0]).toBe("toy: 0 of 100 completions, 0 graded");
    expect(lines[5]).toBe("toy: 51 of 100 completions, 50 graded, 1530 tokens, 30/s, 0:49 left");
    expect(lines[10]).toBe("toy: 100 of 100 completions, 100 graded, 3000 tokens, 30/s");
  });

  it("says what was there before, which is no part of the rate", () => {
    expect(shown(100, 80, false)).toContain(
      "toy: 91 of 100 completions (80 there before), 90 graded, 330 tokens, 30/s, 0:09 left\n",
    );
  });

  it("is one line on a terminal, cut to its width and gone at the end", () => {
    const text = shown(20, 0, true);
    expect(text).not.toContain("\n");
    expect(text.endsWith("\r\u001B[K")).toBe(true);
    expect(Math.max(...text.split("\r\u001B[K").map(({ length }) => length))).toBeLessThan(70);
  });
});
