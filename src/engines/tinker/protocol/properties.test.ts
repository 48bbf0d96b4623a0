// What holds of every message, and of bytes that are none: read whole or refused by name, never a crash, never more
// memory than the bytes pay for.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeForwardBackward, decodeOutput, encodeForwardBackward, encodeOutput } from "./forward-backward.js";
import { ProtocolError } from "./protocol-error.js";
import type { ForwardBackwardOutput, ForwardBackwardRequest, Tensor, WireSampleResponse } from "./records.js";
import { decodeSampleRequest, decodeSampleResponse, encodeSampleRequest, encodeSampleResponse } from "./sampling.js";
import { contentTypes, type Encoded, type Wire } from "./wire.js";

const token = fc.integer({ min: 0, max: 2 ** 31 - 1 });
// JSON has no infinity; NaN travels as null.
const float = fc.float({ noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value));
const floats = (length: number) =>
  fc.array(float, { minLength: length, maxLength: length }).map((values) => Float32Array.from(values));
const key = fc.string({ unit: "grapheme", maxLength: 8 }).filter((name) => name !== "__proto__");
const settings = fc.dictionary(
  key,
  fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => value + 0),
  {
    maxKeys: 3,
    noNullPrototype: true,
  },
);

const tensor = (length: number): fc.Arbitrary<Tensor> =>
  fc.oneof(
    floats(length).map((data) => ({ dtype: "float32" as const, data })),
    fc
      .array(fc.maxSafeInteger(), { minLength: length, maxLength: length })
      .map((data) => ({ dtype: "int64" as const, data })),
  );
const datum = fc.array(token, { minLength: 1, maxLength: 5 }).chain((modelInput) =>
  fc.record({
    modelInput: fc.constant(modelInput),
    lossInputs: fc.dictionary(key, tensor(modelInput.length), { maxKeys: 3, noNullPrototype: true }),
  }),
);
const request: fc.Arbitrary<ForwardBackwardRequest> = fc.record({
  modelId: key,
  sequenceId: fc.nat(),
  datums: fc.array(datum, { maxLength: 4 }),
  loss: key,
  lossConfig: settings,
  forwardOnly: fc.boolean(),
});
const output: fc.Arbitrary<ForwardBackwardOutput> = fc.uniqueArray(key, { maxLength: 3 }).chain((names) =>
  fc.record({
    outputs: fc.array(
      fc
        .tuple(...names.map(() => fc.nat(4).chain(floats)))
        .map((rows) => Object.fromEntries(names.map((name, at) => [name, rows[at]]))),
      { maxLength: 4 },
    ),
    metrics: settings,
  }),
);
const topkRow = fc.option(
  fc.array(
    fc.tuple(
      token,
      float.filter((value) => value > -99_999),
    ),
    { minLength: 1, maxLength: 3 },
  ),
);
const sample: fc.Arbitrary<WireSampleResponse> = fc.record({
  sequences: fc.array(
    fc.array(token, { maxLength: 4 }).chain((tokens) =>
      fc.record({
        stopReason: fc.constantFrom("stop" as const, "length" as const),
        tokens: fc.constant(tokens),
        logprobs: tokens.length === 0 ? floats(0) : fc.option(floats(tokens.length)),
      }),
    ),
    { maxLength: 4 },
  ),
  promptLogprobs: fc.option(fc.integer({ min: 1, max: 4 }).chain(floats)),
  topkPromptLogprobs: fc.option(fc.array(topkRow, { minLength: 1, maxLength: 4 })),
});

interface Codec {
  readonly name: string;
  readonly value: fc.Arbitrary<unknown>;
  readonly read: (body: Uint8Array, contentType: string) => unknown;
  readonly write: (value: never, wire: Wire) => Encoded;
}

const codecs: readonly Codec[] = [
  { name: "a request", value: request, read: decodeForwardBackward, write: encodeForwardBackward },
  { name: "an output", value: output, read: decodeOutput, write: encodeOutput },
  { name: "a sample", value: sample, read: decodeSampleResponse, write: encodeSampleResponse },
];
const wires = ["protobuf", "json"] as const;

/** Reads, or refuses as a reader should. */
function tried(read: Codec["read"], body: Uint8Array, wire: Wire): void {
  try {
    read(body, contentTypes[wire]);
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
  }
}

describe.each(codecs)("$name", ({ value, read, write }) => {
  it.each(wires)("is the same after a journey in %s", (wire) => {
    fc.assert(
      fc.property(value, (sent) => {
        const { body, contentType } = write(sent as never, wire);
        expect(read(body, contentType)).toEqual(sent);
      }),
    );
  });

  it.each(wires)("is read or refused when it is not %s at all", (wire) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => tried(read, bytes, wire)),
      { numRuns: 500 },
    );
  });

  it("is read or refused when the JSON is of something else", () => {
    fc.assert(fc.property(fc.json(), (text) => tried(read, Buffer.from(text), "json")));
  });

  it.each(wires)("is read or refused when bytes of %s are changed or missing", (wire) => {
    const change = fc.record({ at: fc.nat(), to: fc.nat(255), length: fc.nat() });
    fc.assert(
      fc.property(value, change, (sent, { at, to, length }) => {
        const body = Buffer.from(write(sent as never, wire).body);
        if (body.length > 0) body[at % body.length] = to;
        tried(read, body, wire);
        tried(read, body.subarray(0, length % (body.length + 1)), wire);
      }),
      { numRuns: 300 },
    );
  });
});

it("a request to sample is the same after its journey", () => {
  const asked = fc.record({
    prompt: fc.array(token, { minLength: 1, maxLength: 5 }),
    count: fc.integer({ min: 1, max: 9 }),
    parameters: fc.record(
      {
        maxTokens: fc.integer({ min: 1 }),
        temperature: fc.double({ min: 0, max: 9, noNaN: true }).map((value) => value + 0),
        topP: fc.double({ min: 0.1, max: 1, noNaN: true }),
        topK: fc.integer({ min: -1 }),
        stop: fc.oneof(fc.array(token), fc.array(fc.string())),
        seed: fc.integer(),
        seeds: fc.array(fc.string()),
      },
      { requiredKeys: ["maxTokens"] },
    ),
    promptLogprobs: fc.boolean(),
    topkPromptLogprobs: fc.nat(9),
  });
  const source = fc.oneof(
    fc.record({ kind: fc.constant("session" as const), samplingSessionId: fc.string(), sequenceId: fc.nat() }),
    fc.record({ kind: fc.constant("base" as const), baseModel: fc.string() }),
    fc.record({ kind: fc.constant("path" as const), path: fc.string() }),
  );
  fc.assert(
    fc.property(asked, source, (request, source) => {
      const body: unknown = JSON.parse(JSON.stringify(encodeSampleRequest(request, source)));
      expect(decodeSampleRequest(body)).toEqual({ request, source });
    }),
  );
});
