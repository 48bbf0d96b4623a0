// The proxy itself: what it says has happened, has.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { randomly } from "./fault-plans.js";
import { type Fault, type FaultyProxy, openFaultyProxy } from "./faulty-proxy.js";

/** Counts what it gets, and answers with what it got. */
const server = createServer((incoming, response) => {
  served++;
  incoming.pipe(response);
});
let served = 0;
let proxy: FaultyProxy;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  proxy = await openFaultyProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}/base`);
});
afterAll(async () => {
  await proxy.close();
  server.close();
});

/** @returns status and body, or the word that the connection broke; and how often the server was asked */
async function under(fault: Fault | null): Promise<[number | "broken", string, number]> {
  served = 0;
  proxy.plan = () => fault;
  try {
    const body = JSON.stringify({ seq_id: 3, model_id: "m", text: "hello" });
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${proxy.url}/api/v1/optim_step?x=1`, { method: "POST", body, headers });
    return [response.status, await response.text(), served];
  } catch {
    return ["broken", "", served];
  }
}

it("lets pass, answers in the server's place, breaks connections and repeats, as it is told", async () => {
  const text = '{"seq_id":3,"model_id":"m","text":"hello"}';
  expect(await under(null)).toEqual([200, text, 1]);
  expect(await under({ kind: "answer", status: 503, body: "no" })).toEqual([503, "no", 0]);
  expect(await under({ kind: "answer", status: 500, reaches: true })).toEqual([500, "", 1]);
  expect(
    await under({ kind: "altered", alter: ({ body }) => ({ body: Buffer.concat([body, Buffer.from(" there")]) }) }),
  ).toEqual([200, `${text} there`, 1]);
  expect(await under({ kind: "drop", when: "before" })).toEqual(["broken", "", 0]);
  expect(await under({ kind: "drop", when: "after" })).toEqual(["broken", "", 1]);
  expect(await under({ kind: "drop", when: "midway" })).toEqual(["broken", "", 1]);
  expect(await under({ kind: "twice" })).toEqual([200, text, 2]);
  expect(await under({ kind: "late", what: "answer", ms: 1 })).toEqual([200, text, 1]);
  expect(proxy.passed).toHaveLength(8);
  expect(new Set(proxy.passed.map(({ path, sequenceId, of }) => [path, sequenceId, of].join()))).toEqual(
    new Set(["/api/v1/optim_step?x=1,3,m"]),
  );
  expect(Object.fromEntries(proxy.happened)).toMatchObject({ "503": 1, "500 after": 1, "drop midway": 1, twice: 1 });
});

it("hits the same requests with the same faults for the same seed, a share of them, and none for ever", () => {
  const faults = (seed: string): Array<Fault | null> => {
    const plan = randomly(seed, 0.3);
    const passing = (i: number, attempt: number) =>
      ({ name: "optim_step", key: `POST optim_step 0 ${i}`, attempt }) as Parameters<typeof plan>[0];
    return Array.from({ length: 300 }, (_, i) => plan(passing(i % 100, Math.floor(i / 100))) as Fault | null);
  };
  expect(faults("a")).toEqual(faults("a"));
  expect(faults("a")).not.toEqual(faults("b"));
  expect(faults("a").filter((fault) => fault !== null).length).toBeGreaterThan(60);
  const certain = randomly("a", 1);
  const again = Array.from({ length: 9 }, (_, attempt) =>
    certain({ name: "poll asample", key: "k", attempt } as Parameters<typeof certain>[0]),
  );
  expect(again.filter((fault) => fault !== null)).toHaveLength(3);
});
