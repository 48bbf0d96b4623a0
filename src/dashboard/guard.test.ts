import { symlinkSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ask } from "./test-request.js";
import { fullTestFolder, removeTestRuns, testFolder, testServer, writeTestRun } from "./test-runs.js";

afterEach(removeTestRuns);

describe("the walls", () => {
  it("stand in every answer: a browser loads and runs nothing but the dashboard's own", async () => {
    const { url } = await testServer(fullTestFolder());
    for (const path of ["/", "/api/runs", "/api/run", "/none"]) {
      const { headers } = await ask(url, path);
      expect(headers["content-security-policy"], path).toContain(
        "default-src 'none'; script-src 'self'; style-src 'self'",
      );
      expect(headers["content-security-policy"]).not.toContain("unsafe");
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["referrer-policy"]).toBe("no-referrer");
      expect(headers["access-control-allow-origin"]).toBeUndefined();
    }
  });

  it("let nothing out of the folder, however the way is written", async () => {
    const outer = testFolder();
    writeTestRun(outer, "secret");
    writeTestRun(outer, "served/run");
    symlinkSync(join(outer, "secret"), join(outer, "served/link"));
    const { url } = await testServer(join(outer, "served"));
    const places = [
      "../secret",
      "run/../../secret",
      "..%2Fsecret",
      "%2e%2e/secret",
      "..%5csecret",
      join(outer, "secret"),
      "link",
      "run%00",
      "....//secret",
    ];
    for (const place of places) {
      for (const path of [
        `/api/run?run=${place}`,
        `/api/rollouts?run=${place}`,
        `/api/evaluation?run=${place}&benchmark=family`,
      ]) {
        expect((await ask(url, path)).status, path).toBe(404);
      }
    }
    for (const path of [
      "/../secret/run.json",
      "/%2e%2e/secret/run.json",
      "/run/run.json",
      "//etc/passwd",
      "/page.js/../../x",
    ]) {
      expect((await ask(url, path)).status, path).toBe(404);
    }
    const benchmark = encodeURIComponent("../../../secret/eval/family");
    expect((await ask(url, `/api/evaluation?run=run&benchmark=${benchmark}`)).status).toBe(404);
  });

  it("answer under the server's own names alone: a site's name that leads here is none", async () => {
    const { url } = await testServer(fullTestFolder());
    const { port } = new URL(url);
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, "LOCALHOST"]) {
      expect((await ask(url, "/api/runs", { host })).status, host).toBe(200);
    }
    for (const host of [
      "evil.example",
      `evil.example:${port}`,
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "0.0.0.0",
    ]) {
      expect((await ask(url, "/api/runs", { host })).status, host).toBe(403);
    }
  });

  it("refuse what another site's page asks, and let a link to the page pass", async () => {
    const { url } = await testServer(fullTestFolder());
    const { host } = new URL(url);
    const own = { "sec-fetch-site": "same-origin", origin: `http://${host}` };
    for (const headers of [own, { origin: `https://${host}` }] as ReadonlyArray<Record<string, string>>) {
      expect((await ask(url, "/api/runs", headers)).status).toBe(200);
    }
    for (const headers of [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { origin: "http://evil.example" },
      { origin: "null" },
    ] as ReadonlyArray<Record<string, string>>) {
      expect((await ask(url, "/api/runs", headers)).status).toBe(403);
      expect((await ask(url, "/api/trace", { ...headers, "content-type": "application/json" }, "{}")).status).toBe(403);
    }
    expect((await ask(url, "/", { "sec-fetch-site": "cross-site" })).status).toBe(200);
  });

  it("take a body that is JSON, and only so much of it", async () => {
    const { url } = await testServer(fullTestFolder());
    const json = { "content-type": "application/json" };
    const trace = async (headers: Record<string, string>, body: string): Promise<number> =>
      (await ask(url, "/api/trace", headers, body)).status;
    expect(await trace({ "content-type": "text/plain" }, "{}")).toBe(415);
    expect(await trace(json, "{")).toBe(400);
    expect(
      await trace(json, JSON.stringify({ run: "run", step: 1, group: 0, sample: 0, input: { kind: "file" } })),
    ).toBe(400);
    expect(await trace(json, " ".repeat(300_000))).toBe(413);
    expect(await trace({ ...json, "transfer-encoding": "chunked" }, " ".repeat(300_000))).toBe(413);
  });

  it("open to the token alone where there is one: as a header, or once in the address, then as a cookie", async () => {
    const token = "a-token-of-some-length";
    const { url } = await testServer(fullTestFolder(), { token });
    expect(url).toContain(`?token=${token}`);
    for (const path of ["/", "/api/runs", "/api/events", `/?token=${token}x`, "/?token="]) {
      expect((await ask(url, path)).status, path).toBe(401);
    }
    expect((await ask(url, "/api/runs", { authorization: `Bearer ${token}` })).status).toBe(200);
    expect((await ask(url, "/api/runs", { authorization: `Bearer ${token}x` })).status).toBe(401);
    const first = await ask(url, `/?token=${token}`);
    expect([first.status, first.headers.location]).toEqual([303, "/"]);
    const [cookie = ""] = first.headers["set-cookie"] ?? [];
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict|; Path=\/; HttpOnly; SameSite=Strict/);
    expect(cookie).not.toContain(token);
    const [pair = ""] = cookie.split(";");
    expect((await ask(url, "/api/runs", { cookie: pair })).status).toBe(200);
    expect((await ask(url, "/api/runs", { cookie: `${pair}0` })).status).toBe(401);
  });

  it("survive what is no HTTP", async () => {
    const { url } = await testServer(fullTestFolder());
    const { hostname, port } = new URL(url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.end("\u0000\u0001 garbage\r\n\r\n"));
      socket.on("close", () => resolve());
      socket.resume();
    });
    expect((await ask(url, "/api/runs")).status).toBe(200);
  });
});
