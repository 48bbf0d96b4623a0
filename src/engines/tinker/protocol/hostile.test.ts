// Messages that lie: about lengths, counts, places and types. Each is refused with its place, before anything is
// allocated for what it claims.

import { describe, expect, it } from "vitest";
import { bytesOfFloats, bytesOfInt32, bytesOfInt64 } from "./arrays.js";
import { limits } from "./datum.js";
import { decodeForwardBackward, decodeOutput } from "./forward-backward.js";
import { bytes, double, entry, integer, integers, nested, type Pieces, text } from "./protobuf.js";
import { ProtocolError } from "./protocol-error.js";
import { decodeSampleRequest, decodeSampleResponse } from "./sampling.js";
import { contentTypes } from "./wire.js";

type Read = (body: Uint8Array, contentType: string) => unknown;

function refusal(read: Read, pieces: Pieces): string {
  return refusalOf(() => read(Buffer.concat(pieces), contentTypes.protobuf));
}

function jsonRefusal(read: Read, body: string): string {
  return refusalOf(() => read(Buffer.from(body), contentTypes.json));
}

function refusalOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return (error as ProtocolError).message;
  }
  throw new Error("it was not refused");
}

function datum(tokens: readonly number[], ...tensors: readonly Pieces[]): Pieces {
  return nested(3, [...nested(1, nested(1, nested(1, [bytesOfInt32(tokens)]))), ...tensors.flat()]);
}

const weights = (...parts: readonly Pieces[]) => entry(2, "weights", nested(2, parts.flat()));
const ones = (count: number) => nested(1, [bytesOfFloats(new Float32Array(count).fill(1))]);

describe("a request in protobuf", () => {
  it("is refused when a length goes beyond its end, or below nothing", () => {
    expect(refusal(decodeForwardBackward, [Uint8Array.of(0x1a, 0xff, 0xff, 0xff, 0xff, 0x07)])).toBe(
      "request: field 3 of 2147483647 bytes, where 0 are left",
    );
    expect(refusal(decodeForwardBackward, [Uint8Array.of(0x1a, ...Array(9).fill(0xff), 0x01)])).toContain(
      "of -1 bytes",
    );
  });

  it("is refused for numbers without end, groups and field 0", () => {
    expect(refusal(decodeForwardBackward, [new Uint8Array(20).fill(0x80)])).toContain("more than 10 bytes");
    expect(refusal(decodeForwardBackward, [Uint8Array.of(0x0b)])).toContain("wire type 3");
    expect(refusal(decodeForwardBackward, [Uint8Array.of(0x02, 0x00)])).toContain("no such field");
  });

  it("is refused where a text is not UTF-8 and where a field is of another type", () => {
    expect(refusal(decodeForwardBackward, nested(1, [Uint8Array.of(0xff)]))).toBe("model_id: field 1 is not UTF-8");
    expect(refusal(decodeForwardBackward, integer(3, 1))).toBe("data: field 3: expected bytes, found wire type 0");
  });

  it("names the tensor that does not fit its datum", () => {
    expect(refusal(decodeForwardBackward, datum([1, 2], weights(ones(1), integer(3, 1))))).toBe(
      "data[0].loss_fn_inputs.weights: 1 numbers for 2 tokens: one each is expected",
    );
    expect(refusal(decodeForwardBackward, datum([1, 2], weights(ones(2), integer(3, 9))))).toContain("dtype 9");
    expect(
      refusal(decodeForwardBackward, datum([1], weights(nested(1, [new Uint8Array(3)]), integer(3, 1)))),
    ).toContain("3 bytes are no float32 array");
    const huge = entry(2, "target_tokens", nested(2, [...nested(1, [new Uint8Array(8).fill(127)]), ...integer(3, 2)]));
    expect(refusal(decodeForwardBackward, datum([1], huge))).toBe(
      "data[0].loss_fn_inputs.target_tokens: [0] is beyond 2^53",
    );
    const wide = weights(ones(1), integer(3, 1), integers(4, Array(100).fill(1)));
    expect(refusal(decodeForwardBackward, datum([1], wide))).toContain("more than 8 numbers");
  });

  it("is refused for what is no token, and for a datum of none", () => {
    expect(refusal(decodeForwardBackward, datum([5, -1]))).toBe(
      "data[0].model_input: [1] is -1: a token id is expected",
    );
    expect(refusal(decodeForwardBackward, datum([]))).toBe("data[0].model_input: no tokens");
  });

  it("is refused for more datums, tensors and settings than there can be", () => {
    const many = Array<Uint8Array>(limits.datums + 1).fill(Buffer.concat(datum([1])));
    expect(refusal(decodeForwardBackward, many)).toContain(`more than ${limits.datums} datums`);
    const named = Array.from({ length: 65 }, (_, at) => entry(2, `t${at}`, nested(2, [...ones(1), ...integer(3, 1)])));
    expect(refusal(decodeForwardBackward, datum([1], named.flat()))).toContain("over 64 tensors");
    const set = Array.from({ length: 300 }, (_, at) => entry(5, `s${at}`, double(2, 0))).flat();
    expect(refusal(decodeForwardBackward, set)).toContain("over 256 settings");
  });
});

describe("an output in protobuf", () => {
  const record = (...fields: readonly Pieces[]) => nested(2, fields.flat());
  const batch = (offsets: readonly number[]) =>
    entry(
      2,
      "logprobs",
      nested(2, [...bytes(1, new Uint8Array(8)), ...bytes(2, bytesOfInt64(offsets)), ...integer(3, 1)]),
    );

  it("is refused when it claims more datums than there can be", () => {
    expect(refusal(decodeOutput, record(integer(3, 2 ** 52)))).toBe(`loss_fn_outputs.num_datums: ${2 ** 52}`);
    expect(refusal(decodeOutput, record(integer(3, -1)))).toBe("loss_fn_outputs.num_datums: -1");
    const records = Array.from({ length: 3 }, () => record(integer(3, limits.datums / 2))).flat();
    expect(refusal(decodeOutput, records)).toContain(`over ${limits.datums} datums`);
  });

  it("is refused when offsets leave the data, run backwards or cut a number", () => {
    for (const offsets of [
      [0, 12],
      [-4, 4],
      [8, 4],
      [0, 2],
    ]) {
      expect(refusal(decodeOutput, record(batch(offsets), integer(3, 1)))).toContain(
        "loss_fn_outputs.logprobs: offsets",
      );
    }
  });

  it("is refused when arrays and datums differ in number", () => {
    expect(refusal(decodeOutput, record(batch([0, 4, 8]), integer(3, 3)))).toContain("2 arrays for 3 datums");
  });
});

describe("a sample", () => {
  it("is refused when logprobs are not one a token, or the matrix is not as large as it says", () => {
    const short = nested(1, [...bytes(2, bytesOfInt32([1, 2])), ...bytes(3, bytesOfFloats(Float32Array.of(-1)))]);
    expect(refusal(decodeSampleResponse, short)).toBe("sequences[0].logprobs: 1 for 2 tokens");
    const matrix = nested(3, [...integer(3, 2 ** 30), ...integer(4, 2 ** 30)]);
    expect(refusal(decodeSampleResponse, matrix)).toContain("0 ids and 0 logprobs");
    const uneven = [...bytes(1, bytesOfInt32([1])), ...bytes(2, new Uint8Array(8)), ...integer(3, 2), ...integer(4, 1)];
    expect(refusal(decodeSampleResponse, nested(3, uneven))).toContain("1 ids and 2 logprobs for 1 rows of 2");
    expect(refusal(decodeSampleResponse, nested(1, integer(1, 7)))).toContain("stop_reason: 7");
  });
});

describe("JSON", () => {
  it("has no logprobs where the list of them is empty or missing", () => {
    for (const logprobs of ['"logprobs": [], ', '"logprobs": null, ', ""]) {
      const body = Buffer.from(`{"sequences": [{${logprobs}"stop_reason": "stop", "tokens": [1]}]}`);
      expect(decodeSampleResponse(body, contentTypes.json).sequences[0].logprobs).toBeNull();
    }
  });

  it("is refused where it is none, with the beginning of what the parser says", () => {
    expect(jsonRefusal(decodeOutput, "<html>")).toMatch(/^output: not JSON \(/);
  });

  it("is refused however deep it is nested", () => {
    const deep = `{"model_id": ${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    expect(jsonRefusal(decodeForwardBackward, deep)).toBe(
      "request: model_id: expected string; found what is nested too deep",
    );
    const tokens = "[".repeat(100_000) + "]".repeat(100_000);
    expect(
      jsonRefusal(decodeSampleResponse, `{"sequences": [{"stop_reason": "stop", "tokens": ${tokens}}]}`),
    ).toContain("[0] is a list");
  });

  it("names the number that is none", () => {
    const body = (data: string) =>
      `{"model_id": "m", "forward_input": {"loss_fn": "cross_entropy", "data": [{"model_input": {"chunks": [{"tokens": [1]}]}, "loss_fn_inputs": {"weights": {"dtype": "float32", "data": ${data}}}}]}}`;
    expect(jsonRefusal(decodeForwardBackward, body('["x"]'))).toBe(
      'data[0].loss_fn_inputs.weights: [0] is "x": a number is expected',
    );
    expect(jsonRefusal(decodeForwardBackward, body("7"))).toContain("expected a list");
  });

  it("is refused as a request to sample that asks for what is not there", () => {
    const asked = { base_model: "b", prompt: { chunks: [{ tokens: [1] }] }, sampling_params: { max_tokens: 1 } };
    expect(decodeSampleRequest(asked).request.count).toBe(1);
    expect(refusalOf(() => decodeSampleRequest({ ...asked, topk_sample_logprobs: 2 }))).toContain("not supported");
    expect(refusalOf(() => decodeSampleRequest({ ...asked, base_model: null }))).toContain("sampling_session_id");
    expect(refusalOf(() => decodeSampleRequest({ ...asked, prompt: { chunks: [{ type: "image" }] } }))).toContain(
      "image",
    );
  });
});

it("only the two encodings are known", () => {
  expect(refusalOf(() => decodeOutput(Buffer.from("{}"), "text/html; charset=utf-8"))).toContain("application/json");
  expect(decodeOutput(Buffer.from('{"loss_fn_outputs": []}'), "Application/JSON; charset=utf-8").outputs).toEqual([]);
  expect(decodeForwardBackward(Buffer.concat(text(1, "m")), contentTypes.protobuf).modelId).toBe("m");
});
