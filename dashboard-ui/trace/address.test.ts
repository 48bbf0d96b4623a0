import { expect, it } from "vitest";
import type { TraceRequest } from "../../src/dashboard/api/rollouts.js";
import { linkTo, readRoute } from "../route.js";
import { readMoment, readRequest, writeRequest } from "./address.js";

const place = { run: "a/b", step: 3, group: 0, sample: 7 };

it.each<TraceRequest["input"]>([
  { kind: "own" },
  { kind: "test", test: 0 },
  { kind: "stdin", stdin: "1 2\n3" },
  { kind: "expression", expression: "f('&=#?')", stdin: "" },
])("what is shown can be read back from the address: %j", (input) => {
  const { parameters } = readRoute(linkTo("trace", writeRequest({ ...place, input }, 12)));
  expect(readRequest(parameters)).toEqual({ ...place, input });
  expect(readMoment(parameters)).toBe(12);
});

it("an address that names no rollout asks for none", () => {
  expect(readRequest(new URLSearchParams("run=a&step=1&group=x&sample=0"))).toBeNull();
  expect(readRequest(new URLSearchParams("step=1&group=0&sample=0"))).toBeNull();
  expect(readMoment(new URLSearchParams("at=-1"))).toBeNull();
});
