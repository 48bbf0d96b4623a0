// SandboxFusion's contract over a real socket: what its own tests hold it to, and the bytes that its clients send.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startService, type TestService } from "./test-service.js";

let service: TestService;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const run = async (request: object): Promise<unknown> =>
  (await service.post("/run_code", { language: "python", ...request })).json;

const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("run_code", () => {
  test("a program that ends well", async () => {
    expect(await run({ code: "print(int(input()))", stdin: "65535", run_timeout: 5 })).toEqual({
      status: "Success",
      message: "",
      compile_result: null,
      run_result: {
        status: "Finished",
        execution_time: expect.any(Number) as number,
        return_code: 0,
        stdout: "65535\n",
        stderr: "",
      },
      executor_pod_name: null,
      files: {},
    });
  });

  test.each([
    [
      "a failing assertion",
      "assert 1 == 2",
      1,
      /^Traceback \(most recent call last\):\n.*line 1.*\nAssertionError\n$/s,
    ],
    ["no Python", "int a = 1", 1, /SyntaxError: invalid syntax\n$/],
    ["an exit code", "import sys; sys.exit(3)", 3, /^$/],
    ["an exit with words", "import sys; sys.exit('bye')", 1, /^bye\n$/],
    ["an exit past Python", "import os; os._exit(7)", 7, /^$/],
    ["what is written to standard error", "import sys; sys.stderr.write('e'); sys.exit(1)", 1, /^e$/],
    ["a package that is not there", "import numpy", 1, /ModuleNotFoundError: No module named 'numpy'\n$/],
    ["a file of the host", "open('/etc/passwd')", 1, /(FileNotFound|Permission)Error/],
  ])("%s: failed, with its exit code", async (_, code, exit, stderr) => {
    expect(await run({ code })).toMatchObject({
      status: "Failed",
      message: "",
      run_result: { status: "Finished", return_code: exit, stderr: expect.stringMatching(stderr) as string },
    });
  });

  test.each([
    ["sleeps", "import time; time.sleep(0.2)", ""],
    ["loops, what it has printed is kept", "print('x', flush=True)\nwhile True: pass", "x\n"],
  ])("a program that %s past its time", async (_, code, stdout) => {
    expect(await run({ code, run_timeout: 0.1 })).toMatchObject({
      status: "Failed",
      run_result: { status: "TimeLimitExceeded", return_code: null, stdout },
    });
  });

  test("a program that prints without end is a time limit, as where nobody reads its pipe", async () => {
    const { run_result } = (await run({ code: "while True: print('x' * 1000)" })) as {
      run_result: { status: string; stdout: string };
    };
    expect(run_result.status).toBe("TimeLimitExceeded");
    expect(run_result.stdout.startsWith("xxx")).toBe(true);
    expect(run_result.stdout.length).toBeLessThanOrEqual(1 << 20);
  });

  test("memory beyond its limit", async () => {
    expect(await run({ code: "x = bytearray(1 << 28)", memory_limit_MB: 64 })).toMatchObject({ status: "Failed" });
  });

  test("a test runner may set an alarm", async () => {
    const code = "import signal\nsignal.signal(signal.SIGALRM, print)\nprint(signal.alarm(6))";
    expect(await run({ code })).toMatchObject({ status: "Success", run_result: { stdout: "0\n" } });
  });

  test("files lie where the program looks, and can be fetched", async () => {
    const flag = base64('"hello, this is a test"');
    const files = { "dir1/dir2/secret_flag": flag, "helper.py": base64("print('helped')"), nothing: null };
    const code = "import helper; print(open('dir1/dir2/secret_flag').read())";
    expect(await run({ code, files, fetch_files: ["dir1/dir2/secret_flag"] })).toMatchObject({
      status: "Success",
      run_result: { stdout: 'helped\n"hello, this is a test"\n' },
      files: { "dir1/dir2/secret_flag": flag },
    });
  });

  test.each([
    ["a file that would have to be written", { fetch_files: ["a.txt"] }, /^fetch_files: "a\.txt": programs write no/],
    ["a file out of the program's folder", { files: { "../x": base64("x") } }, /^files: .*expected a relative path/],
    ["a file that is no text", { files: { x: Buffer.from([255, 254]).toString("base64") } }, /no UTF-8/],
    ["another language", { language: "cpp" }, /^language "cpp" does not run here; python and nodejs do$/],
  ])("%s is a sandbox error that names it", async (_, request, message) => {
    expect(await run({ code: "print(1)", ...request })).toMatchObject({
      status: "SandboxError",
      message: expect.stringMatching(message) as string,
      run_result: null,
    });
  });

  test("nodejs runs", async () => {
    const code = "console.log(require('fs').readFileSync(0, 'utf8')); console.error('err'); process.exit(4)";
    expect(await run({ language: "nodejs", code, stdin: "in" })).toMatchObject({
      status: "Failed",
      run_result: { status: "Finished", return_code: 4, stdout: "in\n", stderr: "err\n" },
    });
    expect(await run({ language: "nodejs", code: "throw new TypeError('no')" })).toMatchObject({
      run_result: { return_code: 1, stderr: "Uncaught TypeError: no\n" },
    });
  });

  test("a body that does not fit is said as its framework says it", async () => {
    const { status, json } = await service.post("/run_code", { code: 1, language: "cobol" });
    expect(status).toBe(422);
    expect(json).toMatchObject({
      detail: [
        { type: "string_type", loc: ["body", "code"], msg: "Input should be a valid string", input: 1 },
        { type: "literal_error", loc: ["body", "language"], input: "cobol" },
      ],
    });
    const missing = await service.post("/run_code", { language: "python" });
    expect(missing.json).toMatchObject({ detail: [{ type: "missing", loc: ["body", "code"], msg: "Field required" }] });
    expect((await service.post("/run_code", "{")).json).toMatchObject({ detail: [{ type: "json_invalid" }] });
  });

  test.each([
    [
      "verl",
      '{"compile_timeout": 10, "run_timeout": 10, "code": "print(input())\\n\\n", "stdin": "\\u00e4", "memory_limit_MB": 1024, "language": "python", "files": {}, "fetch_files": []}',
      "ä\n",
    ],
    [
      "verl, without standard input",
      '{"compile_timeout": 10, "run_timeout": 10, "code": "def f(x): return x + 1\\n\\nassert f(1) == 2", "stdin": null, "memory_limit_MB": 1024, "language": "python", "files": {}, "fetch_files": []}',
      "",
    ],
    [
      "tinker-cookbook",
      '{"code": "from helper import f\\nprint(f(open(\'cases.txt\').read()))", "language": "python", "run_timeout": 12, "files": {"cases.txt": "Mg==", "helper.py": "ZGVmIGYoeCk6IHJldHVybiBpbnQoeCkgKiAy"}}',
      "4\n",
    ],
  ])("what %s sends, byte for byte", async (_, body, stdout) => {
    expect((await service.post("/run_code", body)).json).toMatchObject({ status: "Success", run_result: { stdout } });
  });
});
