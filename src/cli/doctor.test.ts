import { execFileSync, spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { moduleArguments } from "../core/worker.js";

const command = [...moduleArguments(new URL("./main.js", import.meta.url)), "doctor"];

interface Report {
  readonly checks: ReadonlyArray<{ readonly name: string; readonly status: string; readonly detail: string }>;
}

test("doctor names every layer, with how it stands, as JSON and as lines", () => {
  const { checks } = JSON.parse(execFileSync(process.execPath, [...command, "--json"], { encoding: "utf8" })) as Report;
  const status = new Map(checks.map((check) => [check.name, check.status]));
  expect(status.get("wasm engine")).toBe("ok");
  expect(status.get("machine")).toBe("ok");
  for (const name of ["snapshot cache", "native: python3", "native engine", "onnxruntime"]) {
    expect(["ok", "off", "failed"]).toContain(status.get(name));
  }
  for (const { detail } of checks) expect(detail).not.toBe("");
  const lines = execFileSync(process.execPath, command, { encoding: "utf8" });
  for (const { name } of checks) expect(lines).toContain(name);
});

test("without python3 doctor says why the native engine is off, and ends well", () => {
  const { stdout, status } = spawnSync(process.execPath, [...command, "--json"], {
    encoding: "utf8",
    env: { ...process.env, PATH: "/nonexistent" },
  });
  const { checks } = JSON.parse(stdout) as Report;
  const python = checks.find(({ name }) => name === "native: python3");
  expect(status).toBe(0);
  expect(python).toMatchObject({ status: "off" });
  expect(python?.detail).toMatch(/no python3|not Linux/);
});
