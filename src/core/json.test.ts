import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Float, floatText, type Json, JsonSyntaxError, parseJson, stringifyJson } from "./json.js";

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
                  ? Object.fromEntries(Object.entries(json).map(([key, inner]) => [key, plain(inner)]))
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
