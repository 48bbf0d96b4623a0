// Bytes made by the protocol's official Python package (fixtures/make_golden.py) mean here what they mean there.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { decodeForwardBackward, decodeOutput, encodeForwardBackward, encodeOutput } from "./forward-backward.js";
import * as messages from "./messages.js";
import { ProtocolError } from "./protocol-error.js";
import { decodeSampleRequest, decodeSampleResponse, encodeSampleRequest, encodeSampleResponse } from "./sampling.js";
import { contentTypes, type Encoded, type Wire } from "./wire.js";

interface Case {
  readonly name: string;
  readonly base64: string;
  readonly value: unknown;
}

const golden = JSON.parse(readFileSync(new URL("fixtures/golden.json", import.meta.url), "utf8")) as Readonly<
  Record<string, readonly Case[]>
>;

function bytesOf({ base64 }: Case): Buffer {
  return Buffer.from(base64, "base64");
}

/** Arrays of floats as lists, with null for NaN, as Python's side of the fixture has them. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, part) => (part instanceof Float32Array ? [...part] : part)));
}

interface Codec {
  readonly kind: string;
  readonly read: (body: Uint8Array, contentType: string) => unknown;
  readonly write: (value: never, wire: Wire) => Encoded;
}

const codecs: readonly Codec[] = [
  { kind: "requests", read: decodeForwardBackward, write: encodeForwardBackward },
  { kind: "outputs", read: decodeOutput, write: encodeOutput },
  { kind: "samples", read: decodeSampleResponse, write: encodeSampleResponse },
];

describe.each(codecs)("$kind of the official package", ({ kind, read, write }) => {
  it.each(golden[kind])("are read and written byte for byte: $name", (case_) => {
    const value = read(bytesOf(case_), contentTypes.protobuf);
    expect(plain(value)).toEqual(case_.value);
    expect(write(value as never, "protobuf").body).toEqual(bytesOf(case_));
  });

  it.each(golden[`${kind}Read`])("are read in their other forms: $name", (case_) => {
    expect(plain(read(bytesOf(case_), contentTypes.protobuf))).toEqual(case_.value);
  });

  it.each([...golden[kind], ...golden[`${kind}Read`]])("are the same after a journey in JSON: $name", (case_) => {
    const value = read(bytesOf(case_), contentTypes.protobuf);
    const { body, contentType } = write(value as never, "json");
    expect(read(body, contentType)).toEqual(value);
  });
});

describe("what the official package sends", () => {
  it.each(golden["requestsRefused"])("is refused by name where it is not supported: $name", (case_) => {
    const decode = () => decodeForwardBackward(bytesOf(case_), contentTypes.protobuf);
    expect(decode).toThrow(ProtocolError);
    expect(decode).toThrow(case_.name);
  });

  it.each(golden["messages"])("fits our schema: $name", ({ name, value }) => {
    const schema = (messages as unknown as Record<string, z.ZodType>)[name];
    const { type: _, ...said } = value as Record<string, unknown>;
    expect(schema.parse(value)).toEqual(said);
  });

  it("is read as a request to sample, and written again with what we know of it", () => {
    const [asked, plainStop] = golden["sampleRequests"].map(({ value }) => decodeSampleRequest(value));
    expect(asked).toEqual({
      source: { kind: "session", samplingSessionId: "s", sequenceId: 4 },
      request: {
        prompt: [1, 2],
        count: 2,
        parameters: { maxTokens: 5, seed: 3, stop: [7], temperature: 1, topK: -1, topP: 0.5 },
        promptLogprobs: true,
        topkPromptLogprobs: 2,
      },
    });
    expect(plainStop.request.parameters.stop).toEqual(["###"]);
    const {
      topk_sample_logprobs: _,
      prompt_alt_tokens_k: __,
      ...known
    } = golden["sampleRequests"][0].value as Record<string, unknown>;
    expect(encodeSampleRequest(asked.request, asked.source)).toEqual(known);
  });
});
