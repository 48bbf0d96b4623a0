// The order of one model's calls, and how a batch is cut up: nothing overtakes, nothing counts twice, nothing is lost.

import { expect, test } from "vitest";
import type { Tensor } from "../protocol/records.js";
import { chunksOf } from "./chunks.js";
import { TinkerLostError } from "./errors.js";
import { adam, crossEntropy, datum, training } from "./test-client.js";

const four = Array.from({ length: 4 }, (_, at) => datum(at + 1));

test("a call goes out when the one before is acknowledged, not before, and not only when its result is there", async () => {
  const events: string[] = [];
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const { model } = await training({
    async fault({ path, nth }) {
      events.push(path);
      if (path === "forward_backward" && nth === 0) await held;
      return path === "retrieve_future" && nth > 0 && !events.includes("optim_step")
        ? { status: 408, body: {} }
        : undefined;
    },
  });
  events.length = 0;
  const passed = model.forwardBackward([datum(2)], crossEntropy);
  const stepped = model.optimStep(adam);
  const again = model.forwardBackward([datum(2)], crossEntropy);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(events.filter((path) => path !== "session_heartbeat")).toEqual(["forward_backward"]);
  release();
  await Promise.all([passed, stepped, again]);
  const submitted = events.filter((path) => path === "forward_backward" || path === "optim_step");
  expect(submitted).toEqual(["forward_backward", "optim_step", "forward_backward"]);
});

test("chunks of a batch go out together, and the next call when all are acknowledged, in whatever order", async () => {
  let come = 0;
  let acknowledged = 0;
  const { model, server } = await training({
    config: { fwdbwd_max_chunk_len: 1 },
    async fault({ path, nth }) {
      if (path !== "forward_backward" || nth === 0) return undefined;
      come++;
      // Four have come before one is acknowledged, and the last of them is the first.
      while (come < 4 || acknowledged < 4 - nth) await new Promise((resolve) => setTimeout(resolve, 1));
      acknowledged++;
      return undefined;
    },
  });
  await model.forwardBackward([datum(1)], crossEntropy);
  const output = model.forwardBackward(four, crossEntropy);
  const stepped = model.optimStep(adam);
  expect((await output).outputs.map(({ logprobs }) => logprobs.length)).toEqual([1, 2, 3, 4]);
  expect((await output).metrics).toEqual({ "loss:sum": 4 });
  await stepped;
  expect(server.taken.slice(1, 5).map(({ sequenceId }) => sequenceId)).toEqual([5, 4, 3, 2]);
  expect(server.taken[5]).toMatchObject({ path: "optim_step", sequenceId: 6 });
});

test("chunks go out one after the other where the server wishes it", async () => {
  const { model, server } = await training({ config: { fwdbwd_max_chunk_len: 2, parallel_fwdbwd_chunks: false } });
  await model.forwardBackward(four, crossEntropy);
  expect(server.taken.map(({ sequenceId, datums }) => [sequenceId, datums])).toEqual([
    [1, 2],
    [2, 2],
  ]);
});

test("no datum is counted twice or lost when connections break under every chunk", async () => {
  const { model, server } = await training({
    config: { fwdbwd_max_chunk_len: 1 },
    fault: ({ path, nth }) =>
      path === "forward_backward" ? (["cut", "cut after taking", undefined] as const)[nth % 3] : undefined,
  });
  for (let step = 0; step < 3; step++) {
    const passed = model.forwardBackward(four, crossEntropy);
    await Promise.all([passed, model.optimStep(adam)]);
  }
  const ids = server.taken.map(({ sequenceId }) => sequenceId);
  expect([...ids].sort((a, b) => a - b)).toEqual(Array.from({ length: 15 }, (_, at) => at + 1));
  expect(server.taken.filter(({ path }) => path === "optim_step").map(({ sequenceId }) => sequenceId)).toEqual([
    5, 10, 15,
  ]);
});

test("a refused call takes no number; the next one has it", async () => {
  const { model, server } = await training({
    fault: ({ path, nth }) =>
      path === "optim_step" && nth === 0 ? { status: 422, body: { detail: "no" } } : undefined,
  });
  const refused = model.optimStep(adam);
  const next = model.optimStep(adam);
  await expect(refused).rejects.toMatchObject({ kind: "refused" });
  await next;
  expect(server.taken.map(({ sequenceId }) => sequenceId)).toEqual([1]);
});

test("after a batch that was taken in part, and after a call of which nothing is known, no other follows", async () => {
  const partly = await training({
    config: { fwdbwd_max_chunk_len: 1 },
    fault: ({ path, nth }) =>
      path === "forward_backward" && nth === 2 ? { status: 422, body: { detail: "no" } } : undefined,
  });
  await partly.model.forwardBackward([datum(1)], crossEntropy);
  const passed = partly.model.forwardBackward(four, crossEntropy);
  const stepped = partly.model.optimStep(adam);
  await expect(passed).rejects.toMatchObject({ kind: "refused" });
  await expect(stepped).rejects.toBeInstanceOf(TinkerLostError);
  expect(partly.server.to("optim_step")).toHaveLength(0);

  const unknown = await training(
    { fault: ({ path }) => (path === "optim_step" ? "cut after taking" : undefined) },
    { patienceMs: 5000 },
  );
  await expect(unknown.model.optimStep(adam)).rejects.toMatchObject({ kind: "away" });
  await expect(unknown.model.saveWeights("a")).rejects.toThrow(/earlier call .* taken or not.*load what was saved/);
});

test("results of another number than the datums are an error", async () => {
  const { model } = await training({
    fault: ({ path, nth }) =>
      path === "retrieve_future" && nth === 1
        ? { body: { loss_fn_output_type: "", loss_fn_outputs: [], metrics: {} } }
        : undefined,
  });
  await expect(model.forwardBackward([datum(1)], crossEntropy)).rejects.toThrow(/0 outputs of 1 datums/);
});

test("no datums are no request", async () => {
  const { model, server } = await training();
  expect(await model.forwardBackward([], crossEntropy)).toEqual({ outputs: [], metrics: {} });
  await model.optimStep(adam);
  expect(server.taken).toEqual([{ path: "optim_step", sequenceId: 1, datums: 0 }]);
});

test("chunks hold so many datums and bytes, and one that is larger alone", () => {
  const limits = { datums: 2, bytes: 100 };
  const sizes = [1, 1, 1, 20, 3, 3, 1].map(datum);
  expect(chunksOf(sizes, limits).map(({ datums, bytes }) => [datums.length, bytes])).toEqual([
    [2, 32],
    [1, 16],
    [1, 320],
    [2, 96],
    [1, 16],
  ]);
  const tensor: Tensor = { dtype: "float32", data: new Float32Array(5) };
  expect(chunksOf([{ modelInput: [1], lossInputs: { a: tensor, b: tensor } }], limits)[0].bytes).toBe(44);
});
