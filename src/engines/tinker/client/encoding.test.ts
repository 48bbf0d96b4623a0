// Which encoding a batch goes out in, against servers that know one or the other.

import { expect, test } from "vitest";
import { decodeForwardBackward, encodeOutput } from "../protocol/forward-backward.js";
import { adam, crossEntropy, datum, training } from "./test-client.js";
import type { Script } from "./test-server.js";

const types = (
  received: ReadonlyArray<{ readonly headers: { readonly "content-type"?: string | undefined } }>,
): unknown[] => received.map(({ headers }) => headers["content-type"]?.split("/")[1]);

function knowsOnly(type: string, status: number): Script {
  return {
    config: { fwdbwd_max_chunk_len: 1 },
    fault: ({ path, headers }) =>
      path === "forward_backward" && headers["content-type"] !== type
        ? { status, body: { detail: "cannot parse the body" } }
        : undefined,
  };
}

test.each([400, 415, 422, 500])(
  "a server of JSON that answers %d to the first batch gets JSON from then on",
  async (status) => {
    const { model, server } = await training(knowsOnly("application/json", status));
    const passed = model.forwardBackward([datum(1), datum(2)], crossEntropy);
    await Promise.all([passed, model.optimStep(adam), model.forwardBackward([datum(1)], crossEntropy)]);
    expect((await passed).outputs).toHaveLength(2);
    expect(types(server.to("forward_backward"))).toEqual(["x-protobuf", "json", "json", "json"]);
    expect(server.taken.map(({ sequenceId }) => sequenceId)).toEqual([1, 2, 3, 4]);
    await model.forward([datum(3)], crossEntropy);
    expect(types(server.to("forward"))).toEqual(["json"]);
  },
);

test("a server of the binary form alone never sees JSON", async () => {
  const { model, server } = await training(knowsOnly("application/x-protobuf", 400));
  await model.forwardBackward([datum(1)], crossEntropy);
  await model.forward([datum(1)], crossEntropy);
  expect(types(server.to("forward_backward"))).toEqual(["x-protobuf", "x-protobuf"]);
  expect(decodeForwardBackward(server.to("forward_backward")[1].body, "application/x-protobuf").forwardOnly).toBe(true);
  expect(server.to("retrieve_future").at(-1)?.headers["x-tinker-request-type"]).toBe("Forward");
});

test("what is wrong with the batch itself is said as the server said it, and settles nothing", async () => {
  const { model, server } = await training({
    fault: ({ path, nth }) =>
      path === "forward_backward" && nth < 3 ? { status: 422, body: { detail: "no loss of that name" } } : undefined,
  });
  await expect(model.forwardBackward([datum(1)], { name: "novel" })).rejects.toThrow(/no loss of that name/);
  await model.forwardBackward([datum(1)], crossEntropy);
  expect(types(server.to("forward_backward"))).toEqual(["x-protobuf", "json", "x-protobuf", "x-protobuf"]);
});

test("an encoding that was chosen is the only one", async () => {
  const json = await training({}, { wire: "json" });
  await json.model.forwardBackward([datum(1)], crossEntropy);
  expect(types(json.server.to("forward_backward"))).toEqual(["json"]);
  const { model, server } = await training(knowsOnly("application/json", 415), { wire: "protobuf" });
  await expect(model.forwardBackward([datum(1)], crossEntropy)).rejects.toMatchObject({ kind: "refused", status: 415 });
  expect(types(server.to("forward_backward"))).toEqual(["x-protobuf"]);
});

test("results are read in whichever encoding they come", async () => {
  const output = { outputs: [{ logprobs: Float32Array.of(-0.5) }], metrics: { "loss:mean": 2 } };
  const { body, contentType } = encodeOutput(output, "json");
  const { model, server } = await training({
    fault: ({ path, nth }) =>
      path === "retrieve_future" && nth === 1
        ? { body, headers: { "content-type": `${contentType}; charset=utf-8` } }
        : undefined,
  });
  expect(await model.forwardBackward([datum(1)], crossEntropy)).toEqual(output);
  expect(server.to("retrieve_future")[1].headers.accept).toMatch(/^application\/x-protobuf/);
});

test("bodies are never compressed: no codec for what servers take comes with this Node", async () => {
  const { model, server } = await training({ config: { proto_compress_fwdbwd: true } });
  await model.forwardBackward([datum(1)], crossEntropy);
  expect(server.to("forward_backward")[0].headers["content-encoding"]).toBeUndefined();
});
