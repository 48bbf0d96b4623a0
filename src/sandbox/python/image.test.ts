import { homedir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { cacheFolder } from "./image.js";

afterEach(() => vi.unstubAllEnvs());

test.each([
  [{ CODERLPLUS_CACHE: "off", XDG_CACHE_HOME: "/xdg" }, null],
  [{ CODERLPLUS_CACHE: "/own", XDG_CACHE_HOME: "/xdg" }, "/own"],
  [{ CODERLPLUS_CACHE: "", XDG_CACHE_HOME: "/xdg" }, join("/xdg", "coderlplus")],
  [{ CODERLPLUS_CACHE: "", XDG_CACHE_HOME: "" }, join(homedir(), ".cache", "coderlplus")],
])("%j: the cache lies in %s, never in the working folder", (environment, folder) => {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  expect(cacheFolder()).toBe(folder);
});
