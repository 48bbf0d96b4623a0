import { afterEach, describe, expect, it } from "vitest";
import { serveDashboard } from "./serve.js";
import { removeTestRuns, testFolder, testServer } from "./test-runs.js";

afterEach(removeTestRuns);

describe("the dashboard's server", () => {
  it("listens on this machine alone, on the next free port where none was asked for", async () => {
    const [first, second] = [
      await testServer(testFolder(), { port: undefined }),
      await testServer(testFolder(), { port: undefined }),
    ];
    expect(first.url).toMatch(/^http:\/\/127\.0\.0\.1:80[89]\d\/$/);
    expect(second.url).not.toBe(first.url);
    expect(first.token).toBeNull();
  });

  it("says in one sentence that a port which was asked for is taken", async () => {
    const { url } = await testServer(testFolder());
    const port = Number(new URL(url).port);
    await expect(serveDashboard({ folder: testFolder(), port })).rejects.toThrow(
      `127.0.0.1:${port}: another program listens there; choose another with --port`,
    );
  });

  it("makes a token where other machines can reach it, and takes none that can be guessed", async () => {
    const { url, token } = await testServer(testFolder(), { host: "0.0.0.0" });
    expect(token).toMatch(/^[\w-]{32}$/);
    expect(url).toContain(`?token=${token}`);
    const address = url.replace("0.0.0.0", "127.0.0.1").replace(/\?.*/, "api/runs");
    expect((await fetch(address)).status).toBe(401);
    expect((await fetch(address, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    await expect(serveDashboard({ folder: testFolder(), host: "0.0.0.0", token: "short" })).rejects.toThrow(
      "the token has 5 characters; expected at least 16",
    );
    await expect(serveDashboard({ folder: testFolder(), host: "0.0.0.0", token: "" })).rejects.toThrow(
      "has 0 characters",
    );
  });

  it("refuses an address that is none of this machine's", async () => {
    await expect(serveDashboard({ folder: testFolder(), port: 0, host: "192.0.2.1" })).rejects.toThrow(
      /192\.0\.2\.1:0: not an address of this machine; choose another with --host/,
    );
  });
});
