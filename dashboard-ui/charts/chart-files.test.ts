// What is written beside the curves: the data as CSV, the ticks, the reader's settings in the address.

import { describe, expect, test } from "vitest";
import { linkTo, readRoute } from "../route.js";
import { type ChartState, chartParameters, readChartState, toggled } from "./chart-state.js";
import { csvOf } from "./csv.js";
import { tickText, valueText } from "./ticks.js";

describe("CSV", () => {
  test("has every value exactly, and nothing where there is none", () => {
    const steps = [1, 2];
    const text = csvOf([
      { run: "a", group: "g", metric: "m", steps, values: [0.1 + 0.2, null] },
      { run: "a", group: "g", metric: "n", steps: [2, 3], values: [1e-9, 5] },
    ]);
    expect(text).toBe("step,m,n\r\n1,0.30000000000000004,\r\n2,,1e-9\r\n3,,5\r\n");
  });

  test("names the run where there are several, quoted where it must be", () => {
    const curve = { group: "g", metric: "m", steps: [1], values: [1] };
    const [head] = csvOf([
      { ...curve, run: 'a,"b"' },
      { ...curve, run: "c" },
    ]).split("\r\n");
    expect(head).toBe('step,"a,""b"" m",c m');
  });
});

describe("ticks", () => {
  test("have as many digits as tell neighbours apart", () => {
    expect([0, 0.025, 0.05].map((tick) => tickText(tick, 0.025, "number"))).toEqual(["0.000", "0.025", "0.050"]);
    expect([0, 50].map((tick) => tickText(tick, 50, "number"))).toEqual(["0", "50"]);
    expect(tickText(0.25, 0.05, "share")).toBe("25 %");
    expect(tickText(0.0015, 0.0005, "share")).toBe("0.15 %");
    expect(tickText(1e-5, null, "number")).toBe("1e-5");
  });
});

test("values are written by their unit", () => {
  expect([
    valueText(0.5, "share"),
    valueText(95, "seconds"),
    valueText(3 << 20, "bytes"),
    valueText(null, "number"),
  ]).toEqual(["50.0 %", "1 min 35 s", "3 MiB", "–"]);
});

describe("the settings of charts", () => {
  test("come back from the address as they were", () => {
    const state: ChartState = {
      smoothing: 0.6,
      spread: "deviation",
      zoom: [10, 40],
      pinned: 12,
      hidden: new Set(["a b", "c&d"]),
      log: new Set(["kl"]),
      picked: new Map([["types", "alignment/right_int"]]),
    };
    const { parameters } = readRoute(linkTo("run", chartParameters(state)));
    expect(readChartState(parameters)).toEqual(state);
  });

  test("as at first leave the address empty", () => {
    expect(linkTo("run", chartParameters(readChartState(new URLSearchParams())))).toBe("#/run");
  });

  test("that make no sense are as at first", () => {
    const state = readChartState(new URLSearchParams("smooth=7&from=9&to=3&step=x&band=?"));
    expect(state).toMatchObject({ smoothing: 0.99, zoom: null, pinned: null, spread: "range" });
  });

  test("a toggle taken twice is as before", () => {
    expect(toggled(toggled(new Set(["a"]), "b"), "b")).toEqual(new Set(["a"]));
  });
});
