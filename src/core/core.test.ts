import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { itemAt } from "./epochs.js";
import { DataError, UsageError } from "./errors.js";
import { ensureWritable, readText, sha256, sha256OfFile, writeAtomic } from "./files.js";
import { writeFolderAtomic } from "./folders.js";
import { readRecords } from "./jsonl.js";
import { mean, quantile, standardDeviation } from "./maths.js";
import { Rng } from "./rng.js";
import { number, suggestion } from "./schema.js";

const folder = (): string => mkdtempSync(join(tmpdir(), "coderlplus-core-"));

describe("the random generator", () => {
  it("gives the same stream for the same keys and another for others", () => {
    const stream = (...keys: Array<string | number>): number[] => {
      const rng = Rng.of(...keys);
      return Array.from({ length: 8 }, () => rng.uniform());
    };
    expect(stream(1, "a")).toEqual(stream(1, "a"));
    expect(stream(1, "a")).not.toEqual(stream(1, "b"));
    expect(stream(1, "a")).not.toEqual(stream("1", "a"));
  });

  it("is uniform enough: ten bins of 20,000 draws within five standard deviations", () => {
    const rng = Rng.of("bins");
    const bins = new Array<number>(10).fill(0);
    for (let i = 0; i < 20_000; i++) {
      const bin = rng.integer(0, 9);
      bins[bin] = bins[bin] + 1;
    }
    for (const count of bins) expect(Math.abs(count - 2000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.1 * 0.9));
  });

  it("shuffles without losing anything", () => {
    const items = Array.from({ length: 50 }, (_, i) => i);
    const shuffled = Rng.of("shuffle").shuffled(items);
    expect(shuffled).not.toEqual(items);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(items);
  });
});

describe("items in epochs", () => {
  const epoch = (at: number, ...keys: string[]): number[] =>
    Array.from({ length: 50 }, (_, i) => itemAt(at * 50 + i, 50, 1, ...keys));

  it("come once an epoch, in another order each, the same whenever they are asked for", () => {
    const orders = [0, 1, 2, 3, 4, 5].map((at) => epoch(at, "a"));
    for (const order of orders) expect(new Set(order).size).toBe(50);
    expect(new Set(orders.map(String)).size).toBe(6);
    expect(epoch(0, "b")).not.toEqual(orders[0]);
    expect([5, 0, 3].map((at) => epoch(at, "a"))).toEqual([orders[5], orders[0], orders[3]]);
  });
});

describe("small statistics", () => {
  it("match numbers worked by hand", () => {
    expect(mean([1, 2, 6])).toBe(3);
    expect(standardDeviation([1, 0, 0, 0])).toBe(0.5);
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
  });
});

describe("the hash of a file", () => {
  it("is that of its content, also over several pieces", () => {
    const path = join(folder(), "large");
    const content = Uint8Array.from({ length: 5_000_000 }, (_, at) => at % 251);
    writeAtomic(path, content);
    expect(sha256OfFile(path)).toBe(sha256(content));
    expect(() => sha256OfFile(`${path}.not`)).toThrow("cannot read it (no such file)");
  });
});

describe("atomic writing", () => {
  it("leaves no temporary file and replaces what was there", () => {
    const path = join(folder(), "a", "file.txt");
    writeAtomic(path, "one");
    writeAtomic(path, "two");
    expect(readFileSync(path, "utf8")).toBe("two");
    expect(readdirSync(join(path, ".."))).toEqual(["file.txt"]);
  });

  it("writes through a symbolic link, also where it leads to nothing yet", () => {
    const place = folder();
    symlinkSync("real", join(place, "link"));
    for (const text of ["one", "two"]) {
      writeAtomic(join(place, "link"), text);
      expect(readFileSync(join(place, "real"), "utf8")).toBe(text);
      expect(lstatSync(join(place, "link")).isSymbolicLink()).toBe(true);
    }
    expect(readdirSync(place)).toEqual(["link", "real"]);
  });

  it("writes to a device as it is", () => {
    writeAtomic("/dev/null", "gone");
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  it("removes the temporary file when the renaming fails", () => {
    const place = folder();
    mkdirSync(join(place, "a"));
    expect(() => writeAtomic(join(place, "a"), "x")).toThrow();
    expect(readdirSync(place)).toEqual(["a"]);
  });

  it("finds out before the work what cannot be written", () => {
    const place = folder();
    symlinkSync("b", join(place, "a"));
    symlinkSync("a", join(place, "b"));
    expect(() => ensureWritable(place)).toThrow("it is a folder");
    expect(() => ensureWritable(join(place, "new/"))).toThrow("it is a folder");
    expect(() => ensureWritable(join(place, "no", "file"))).toThrow("its folder does not exist");
    expect(() => ensureWritable(join(place, "a"))).toThrow("in a circle");
    expect(() => ensureWritable("/proc/file")).toThrow(UsageError);
    expect(() => ensureWritable("")).toThrow("expected the name of a file");
    ensureWritable(join(place, "file"));
    ensureWritable("/dev/null");
    expect(readdirSync(place)).toEqual(["a", "b"]);
  });

  it("replaces a folder, however its path is written", async () => {
    const path = join(folder(), "checkpoint");
    for (const [name, text] of [
      [path, "one"],
      [`${path}/`, "two"],
      [`${path}/.`, "three"],
    ]) {
      await writeFolderAtomic(name, (temporary) => writeFileSync(join(temporary, "file"), text));
      expect(readFileSync(join(path, "file"), "utf8")).toBe(text);
    }
    expect(readdirSync(dirname(path))).toEqual(["checkpoint"]);
  });

  it("keeps the old folder until the new one is in its place", async () => {
    const path = join(folder(), "checkpoint");
    await writeFolderAtomic(path, (temporary) => writeFileSync(join(temporary, "file"), "one"));
    await expect(
      writeFolderAtomic(path, () => {
        expect(readFileSync(join(path, "file"), "utf8")).toBe("one");
        throw new Error("killed");
      }),
    ).rejects.toThrow("killed");
    // As a kill between the two renames leaves it.
    renameSync(path, `${path}.coderlplus-old`);
    mkdirSync(`${path}.coderlplus-new`);
    await writeFolderAtomic(path, (temporary) => {
      expect(readFileSync(join(path, "file"), "utf8")).toBe("one");
      writeFileSync(join(temporary, "file"), "two");
    });
    expect(readFileSync(join(path, "file"), "utf8")).toBe("two");
    expect(readdirSync(dirname(path))).toEqual(["checkpoint"]);
  });

  it("does not show a folder whose filling failed", async () => {
    const path = join(folder(), "checkpoint");
    await expect(
      writeFolderAtomic(path, (temporary) => {
        writeFileSync(join(temporary, "half"), "x");
        throw new Error("killed");
      }),
    ).rejects.toThrow("killed");
    expect(existsSync(path)).toBe(false);
  });
});

describe("records from JSON lines", () => {
  const schema = z.strictObject({
    name: z.string(),
    limits: z
      .strictObject({ timeMs: number(z.number().int()).optional(), floatTolerance: number().optional() })
      .optional(),
    tests: z
      .array(
        z.discriminatedUnion("kind", [
          z.strictObject({ kind: z.literal("io"), stdin: z.string().optional() }),
          z.strictObject({ kind: z.literal("code"), code: z.string() }),
        ]),
      )
      .optional(),
  });
  const read = (text: string): unknown => {
    const path = join(folder(), "records.jsonl");
    writeFileSync(path, text);
    return readRecords(path, schema).map(({ record }) => record);
  };

  it("skips blank lines and accepts a last line without newline", () => {
    expect(read('{"name": "a"}\n\n{"name": "b"}')).toEqual([{ name: "a" }, { name: "b" }]);
  });

  it("name the file, the line and the field", () => {
    expect(() => read('{"name": "a"}\n{"name": 3}\n')).toThrow(/records\.jsonl:2: name: .*expected string.*found 3/);
  });

  it.each([
    ['{"nam": "a"}', 'unknown key "nam" (did you mean "name"?)'],
    ['{"name": "a", "limits": {"timeMS": 3, "timeMs": 3}}', 'limits: unknown key "timeMS" (did you mean "timeMs"?)'],
    ['{"name": "a", "limits": {"floatTol": 3}}', 'limits: unknown key "floatTol" (did you mean "floatTolerance"?)'],
    ['{"name": "a", "tests": [{"kind": "io", "stdn": ""}]}', 'tests[0]: unknown key "stdn" (did you mean "stdin"?)'],
    ['{"name": "a", "tests": [{"kind": "io", "zzzzzz": 1}]}', 'tests[0]: unknown key "zzzzzz"; known: kind, stdin'],
    ['{"name": "a", "tests": [{"knd": "io", "stdin": ""}]}', 'tests[0]: unknown key "knd" (did you mean "kind"?)'],
  ])("suggest the nearest known key: %s", (text, message) => {
    expect(() => read(text)).toThrow(new RegExp(`:1: ${message.replace(/[[\]()?]/g, "\\$&")}$`));
  });

  it("say what was expected of a number", () => {
    expect(() => read('{"name": "a", "limits": {"timeMs": "3"}}')).toThrow(
      /limits\.timeMs: .*expected number.*found "3"/,
    );
    expect(() => read('{"name": "a", "limits": {"timeMs": 2.5}}')).toThrow(
      /limits\.timeMs: .*expected int.*found 2\.5/,
    );
    expect(read('{"name": "a", "limits": {"timeMs": 2.0}}')).toEqual([{ name: "a", limits: { timeMs: 2 } }]);
  });

  it("export a number as what it is", () => {
    const json = z.toJSONSchema(number(z.number().int().positive()), { io: "input", unrepresentable: "any" });
    expect(json).toMatchObject({ type: "integer", exclusiveMinimum: 0 });
  });

  it("say where a line stops being JSON", () => {
    expect(() => read('{"name": }')).toThrow(/:1: not JSON: column 10/);
  });

  it("refuse bytes that are not UTF-8 and broken gzip files", () => {
    const path = join(folder(), "records.jsonl");
    writeFileSync(
      path,
      Buffer.concat([Buffer.from('{"name": "ä"}\n{"name": "'), Buffer.from([0xe4]), Buffer.from('"}\n')]),
    );
    expect(() => readRecords(path, schema)).toThrow(/records\.jsonl:2: not UTF-8/);
    expect(() => readText(path)).toThrow(/records\.jsonl:2: not UTF-8/);
    writeFileSync(`${path}.gz`, "no gzip");
    expect(() => readRecords(`${path}.gz`, schema)).toThrow(/records\.jsonl\.gz: not a whole gzip file/);
    writeFileSync(`${path}.gz`, gzipSync('{"name": "a"}').subarray(0, -4));
    expect(() => readRecords(`${path}.gz`, schema)).toThrow(DataError);
  });

  it("name the file that is not there", () => {
    expect(() => readRecords("/nowhere/x.jsonl", schema)).toThrow("/nowhere/x.jsonl: cannot read it (no such file)");
  });
});

describe("suggestions", () => {
  it("offer the near word, or all words where none is near", () => {
    expect(suggestion("grop", ["grpo", "dapo"])).toContain('did you mean "grpo"');
    expect(suggestion("zzzzzzzz", ["grpo"])).toContain("known: grpo");
  });
});
