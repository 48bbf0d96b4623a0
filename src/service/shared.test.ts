import { describe, expect, test } from "vitest";
import { CancelledError } from "../core/errors.js";
import { Shared, type SharedOptions } from "./shared.js";

const never = new AbortController().signal;

function sharing(options: Partial<SharedOptions<string>> = {}): Shared<string> {
  return new Shared({
    keepMs: 1000,
    mostEntries: 10,
    mostBytes: 100,
    bytesOf: (answer) => answer.length,
    keeps: (answer) => answer !== "not to be kept",
    ...options,
  });
}

/** Work that is counted, and ends when told. */
function work() {
  const begun: AbortSignal[] = [];
  const endings: Array<(answer: string) => void> = [];
  const start = (signal: AbortSignal): Promise<string> => {
    begun.push(signal);
    return new Promise((resolve, reject) => {
      endings.push(resolve);
      signal.addEventListener("abort", () => reject(new CancelledError("told to stop")));
    });
  };
  return { begun, endings, start };
}

describe("shared work", () => {
  test("is begun once for all who ask meanwhile, and for who asks soon after", async () => {
    const shared = sharing();
    const { begun, endings, start } = work();
    const asked = [shared.run("k", never, start), shared.run("k", never, start)];
    endings[0]("done");
    expect(await Promise.all(asked)).toEqual(["done", "done"]);
    expect(await shared.run("k", never, start)).toBe("done");
    expect(begun.length).toBe(1);
  });

  test("is begun again when its answer is old, was not worth keeping, or failed", async () => {
    let nowMs = 0;
    const shared = sharing({ nowMs: () => nowMs });
    let begun = 0;
    const give = (answer: string) => async (): Promise<string> => {
      begun++;
      if (answer === "fails") throw new Error(answer);
      return answer;
    };
    await shared.run("old", never, give("a"));
    nowMs = 1000;
    await shared.run("old", never, give("a"));
    for (const answer of ["not to be kept", "fails"]) {
      for (let time = 0; time < 2; time++) await shared.run(answer, never, give(answer)).catch(() => {});
    }
    expect(begun).toBe(6);
  });

  test("goes on while one caller is left, and is told to stop when the last has gone", async () => {
    const shared = sharing();
    const { begun, start } = work();
    const [first, second] = [new AbortController(), new AbortController()];
    const asked = [first, second].map(({ signal }) => shared.run("k", signal, start));
    first.abort();
    await expect(asked[0]).rejects.toThrow("the caller has gone");
    expect(begun[0].aborted).toBe(false);
    second.abort();
    await expect(asked[1]).rejects.toThrow("the caller has gone");
    expect(begun[0].aborted).toBe(true);
    void shared.run("k", never, start);
    expect(begun.length).toBe(2);
  });

  test("is kept in so much room and no more, the oldest answer leaving first", async () => {
    const shared = sharing({ mostEntries: 2 });
    for (const key of ["a", "b", "c"]) await shared.run(key, never, async () => key);
    expect(shared.kept).toBe(2);
    expect(await shared.run("a", never, async () => "again")).toBe("again");
    await shared.run("large", never, async () => "x".repeat(90));
    await shared.run("larger", never, async () => "x".repeat(91));
    expect(shared.kept).toBe(1);
    await shared.run("too large", never, async () => "x".repeat(101));
    expect(shared.kept).toBe(1);
  });
});
