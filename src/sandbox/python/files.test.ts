import { expect, test } from "vitest";
import { toWire } from "../job.js";
import { PythonGuest } from "./python.js";

const limits = { timeMs: 1000, memoryBytes: 64 << 20, outputBytes: 1 << 20 };

test("files leave nothing behind: the interpreter goes on, and looks as it did before", async () => {
  const place = { language: "python", world: "first" } as const;
  const guest = await PythonGuest.open(place, null, { progress: new Int32Array(1), onLoading: () => {} });
  const source =
    "import os\ndef look(p): return [(d, n, f, [tuple(os.stat(d + '/' + x)) for x in n + f]) for d, n, f in os.walk(p)]\nprint(look('/home'), os.stat('/home'))\ntry:\n    import helper\n    print(helper.N, helper.__file__)\n    kept = open('a/b/c.txt')\nexcept ImportError: pass";
  const run = async (files?: Readonly<Record<string, string>>): Promise<string> => {
    const request = { op: "run", name: "__main__", source, preamble: "" };
    const { stdout, ending } = await guest.run(toWire({ request, stdin: "", limits, files }));
    expect(ending.kind).toBe("finished");
    expect(guest.worn).toBe(false);
    guest.tidy();
    return stdout;
  };
  const before = await run();
  const files = { "helper.py": "N = 5\n", "a/b/c.txt": "", "a/d.txt": "x" };
  const first = await run(files);
  expect(first).toContain("5 /home/helper.py");
  expect(await run()).toBe(before);
  expect(await run(files)).toBe(first);
  expect(await run({ "helper.py": "N = 6\n", "a/b/c.txt": "" })).toContain("6 /home/helper.py");
  expect(await run()).toBe(before);
});
