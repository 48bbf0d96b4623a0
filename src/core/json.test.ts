import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entriesOf, Float, floatText, type Json, JsonSyntaxError, parseJson, stringifyJson } from "./json.js";

describe("lossless JSON", () => {
  it("keeps a float a float and an int an int", () => {
    expect(parseJson("[2.0, 2, -0.0, 1e16]")).toEqual([new Float(2), 2, new Float(-0), new Float(1e16)]);
    expect(stringifyJson(parseJson("[2.0, 2, -0.0]"))).toBe("[2.0, 2, -0.0]");
  });

  it("keeps integers beyond 2^53 exactly", () => {
    expect(parseJson("9007199254740993")).toBe(9007199254740993n);
    expect(stringifyJson(9007199254740993n)).toBe('{"$int": "9007199254740993"}');
  });

  it("reads NaN and the infinities that Python writes", () => {
    const [nan, low] = parseJson("[NaN, -Infinity]") as [Float, Float];
    expect(nan.value).toBeNaN();
    expect(low.value).toBe(Number.NEGATIVE_INFINITY);
  });

  // Expected texts: python3 -c "print(repr(x))"
  it.each([
    [2, "2.0"],
    [0.1 + 0.2, "0.30000000000000004"],
    [1e16, "1e+16"],
    [1e15, "1000000000000000.0"],
    [1e-5, "1e-05"],
    [0.0001, "0.0001"],
    [-1.5e-7, "-1.5e-07"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
  ])("writes the float %f as Python's repr does", (value, text) => {
    expect(floatText(value)).toBe(text);
  });

  it("agrees with JSON.parse on whatever JSON.stringify writes, numbers aside", () => {
    const value = fc.jsonValue({ noUnicodeString: false }).filter((item) => !JSON.stringify(item).match(/"__proto__"/));
    fc.assert(
      fc.property(value, (item) => {
        const plain = (json: Json): unknown =>
          json instanceof Float
            ? json.value
            : typeof json === "bigint"
              ? Number(json)
              : Array.isArray(json)
                ? json.map(plain)
                : json !== null && typeof json === "object"
                  ? Object.fromEntries(
                      entriesOf(json as Record<string, Json>).map(([key, inner]) => [key, plain(inner)]),
                    )
                  : json;
        expect(plain(parseJson(JSON.stringify(item)))).toEqual(JSON.parse(JSON.stringify(item)));
      }),
    );
  });

  it("reads back what it writes", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(parseJson(stringifyJson(new Float(value)))).toEqual(new Float(value));
      }),
    );
  });

  it.each([
    '{"10": 1, "2": 2}',
    '{"a": 1, "0": [{"b": null, "7": true}]}',
    '{"1": 1, "2": 2, "x": 3}',
    '{"$dict": [["10", 1], ["2", 2]]}',
    '[{"01": 1, "1": 2, "-1": 3, "4294967295": 4, "0": 5}]',
  ])("keeps the order of the keys of %s", (text) => {
    expect(stringifyJson(parseJson(text))).toBe(text);
  });

  it("shows an object whose keys JavaScript would reorder as the tagged dict", () => {
    const value = parseJson('{"10": 1, "2": 2, "10": 3}') as Record<string, Json>;
    expect(value).toEqual({
      $dict: [
        ["10", 3],
        ["2", 2],
      ],
    });
    expect(entriesOf(value).map(([key]) => key)).toEqual(["10", "2"]);
    expect(stringifyJson(value)).toBe('{"10": 3, "2": 2}');
    expect(parseJson('{"2": 2, "10": 1}')).toEqual({ "2": 2, "10": 1 });
  });

  it("reads strings of 32 MB, escapes and all", () => {
    const long = "x".repeat(32 << 20);
    expect(parseJson(`["${long}"]`)).toEqual([long]);
    const escaped = '\\\\\\"'.repeat(4 << 20);
    expect(parseJson(`"${escaped}"`) as string).toHaveLength(8 << 20);
  });

  it("finds the end of a string behind any number of backslashes", () => {
    expect(parseJson(String.raw`["\\", "\\\"", "\\\\"]`)).toEqual(["\\", '\\"', "\\\\"]);
    expect(() => parseJson(String.raw`"\\\"`)).toThrow("column 1: expected a string");
  });

  it("treats __proto__ as an ordinary key", () => {
    const value = parseJson('{"__proto__": 1}') as Record<string, Json>;
    expect(Object.keys(value)).toEqual(["__proto__"]);
  });

  it.each(["", "[1,]", "{'a': 1}", '{"a" 1}', "[1] 2", "01", "+1", "tru", '"a\nb"', "[".repeat(600)])(
    "refuses %j with the column",
    (text) => {
      expect(() => parseJson(text)).toThrow(JsonSyntaxError);
    },
  );
});
