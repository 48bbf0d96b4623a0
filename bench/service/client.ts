// A trainer's side of the measurement, in a process of its own so that its work is not counted as the service's: sends
// what it is given over kept connections, so many at once, and tells how long each took and whether it passed.

import { Agent } from "node:http";
import { exchange } from "../../src/core/http.js";
import type { MixedProgram } from "../sandbox/programs.js";

export interface Batch {
  readonly url: string;
  readonly programs: readonly MixedProgram[];
  readonly atOnce: number;
  readonly limitSeconds: number;
}

export interface Batched {
  readonly latenciesMs: readonly number[];
  readonly wrong: number;
}

const agent = new Agent({ keepAlive: true });

async function passes({ program, stdin, stdout }: MixedProgram, { url, limitSeconds }: Batch): Promise<boolean> {
  const { status, body } = await exchange({
    method: "POST",
    url: `${url}/run_code`,
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({
      compile_timeout: limitSeconds,
      run_timeout: limitSeconds,
      code: program,
      stdin,
      memory_limit_MB: 1024,
      language: "python",
      files: {},
      fetch_files: [],
    }),
    agent,
    timeoutMs: 120_000,
    limitBytes: 64 * 2 ** 20,
  });
  if (status !== 200) throw new Error(`answered ${status}: ${body.toString("utf8", 0, 500)}`);
  const answer = JSON.parse(body.toString("utf8")) as {
    status: string;
    message: string;
    run_result: { stdout: string };
  };
  if (answer.status === "SandboxError") throw new Error(answer.message);
  return answer.status === "Success" && answer.run_result.stdout.trimEnd() === stdout.trimEnd();
}

async function send(batch: Batch): Promise<Batched> {
  const latenciesMs: number[] = [];
  let wrong = 0;
  const queue = batch.programs.values();
  const lane = async (): Promise<void> => {
    for (const program of queue) {
      const begun = performance.now();
      const passed = await passes(program, batch);
      latenciesMs.push(performance.now() - begun);
      wrong += Number(passed !== (program.kind === "correct"));
    }
  };
  await Promise.all(Array.from({ length: batch.atOnce }, lane));
  return { latenciesMs, wrong };
}

process.on("message", (batch: Batch) => {
  void send(batch).then((batched) => process.send?.(batched));
});
process.on("disconnect", () => agent.destroy());
