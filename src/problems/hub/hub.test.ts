import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HubError, UsageError } from "../../core/errors.js";
import { sha256 } from "../../core/files.js";
import { type DataSet, dataSetNamed, dataSets } from "./catalogue.js";
import { type FetchOptions, fetchDataSet } from "./fetch-data-set.js";
import { matches } from "./glob.js";
import { type Hub, hubFrom } from "./request.js";
import { COMMIT, openTestHub, type TestHub } from "./test-hub.js";

const large = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7919) % 251));
const files = {
  "README.md": Buffer.from("licence: MIT\n"),
  "data/train.parquet": large,
  "data/a file, 100%.jsonl": Buffer.from('{"id": "a"}\n'),
  "empty.jsonl": Buffer.alloc(0),
};
const set: DataSet = {
  repository: "owner/name",
  files: ["**/*.parquet", "**/*.jsonl"],
  licence: "MIT",
  gigabytes: null,
};

let server: TestHub;
let out: string;

beforeEach(async () => {
  server = await openTestHub(files);
  out = mkdtempSync(join(tmpdir(), "coderlplus-hub-"));
});

afterEach(async () => {
  await server.close();
  rmSync(out, { recursive: true, force: true });
});

const hubAt = (url: string, token: string | null = null): Hub => ({ url, token, silenceMs: 2000, pauseMs: 1 });

function run(options: Partial<FetchOptions> = {}, hub = hubAt(server.url)): ReturnType<typeof fetchDataSet> {
  return fetchDataSet(hub, set, { out, revision: "main", ...options });
}

const onlyLarge = { patterns: ["**/*.parquet"] };
const stored = (): Array<TestHub["requests"][number]> =>
  server.requests.filter((request) => request.server === "store");

describe("a data set from a hub", () => {
  it("arrives whole, over pages of the listing and by way of another host, with a record of where it is from", async () => {
    const fetched = await run();
    expect(fetched.outcomes).toEqual(["fetched", "fetched", "fetched"]);
    for (const name of ["data/train.parquet", "data/a file, 100%.jsonl", "empty.jsonl"] as const) {
      expect(readFileSync(join(out, name)).equals(files[name]), name).toBe(true);
    }
    expect(readdirSync(join(out, "data")).filter((name) => name.includes(".part"))).toEqual([]);
    const record = JSON.parse(readFileSync(join(out, "SOURCE.json"), "utf8")) as typeof fetched;
    expect(record).toMatchObject({ repository: "owner/name", commit: COMMIT, licence: "MIT" });
    expect(record.files[0]?.hash).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(existsSync(join(out, "README.md"))).toBe(false);
  });

  it("is not fetched again where it is there already, but is where it has changed", async () => {
    await run();
    const before = stored().length;
    expect((await run()).outcomes).toEqual(["already there", "already there", "already there"]);
    expect(stored().length).toBe(before);
    writeFileSync(join(out, "data/train.parquet"), Buffer.alloc(large.length));
    expect((await run()).outcomes).toEqual(["fetched", "already there", "already there"]);
    expect(readFileSync(join(out, "data/train.parquet")).equals(large)).toBe(true);
  });

  it("goes on where the connection broke, however often, asking for the same version of the file", async () => {
    server.faults.set(
      "data/train.parquet",
      [90_000, 5, 60_000, 5, 5, 5, 5, 5].map((afterBytes) => ({ kind: "cut", afterBytes }) as const),
    );
    await run(onlyLarge);
    expect(readFileSync(join(out, "data/train.parquet")).equals(large)).toBe(true);
    const ranges = stored().map(({ headers }) => headers.range);
    expect(ranges[0]).toBeUndefined();
    expect(ranges.slice(1).every((range) => /^bytes=\d+-$/.test(range ?? ""))).toBe(true);
    expect(stored()[1]?.headers["if-range"]).toMatch(/^"[0-9a-f]{32}"$/);
  });

  it("goes on in a later call after one that gave up, and keeps count of the bytes", async () => {
    server.faults.set("data/train.parquet", [
      { kind: "cut", afterBytes: 100_000 },
      ...Array.from({ length: 6 }, () => ({ kind: "status", status: 503 }) as const),
    ]);
    await expect(run(onlyLarge)).rejects.toThrow(/gave up after 6 attempts .*status 503.*goes on from there/);
    const seen: number[] = [];
    const { outcomes } = await run({ ...onlyLarge, onProgress: ({ bytes }) => seen.push(bytes) });
    expect(outcomes).toEqual(["continued"]);
    expect(seen[0]).toBeGreaterThan(0);
    expect(seen.at(-1)).toBe(large.length);
    expect(readFileSync(join(out, "data/train.parquet")).equals(large)).toBe(true);
  });

  it("begins anew where the server does not know ranges", async () => {
    server.faults.set("data/train.parquet", [{ kind: "cut", afterBytes: 100_000 }, { kind: "ignore-range" }]);
    const seen: number[] = [];
    await run({ ...onlyLarge, onProgress: ({ bytes }) => seen.push(bytes) });
    expect(readFileSync(join(out, "data/train.parquet")).equals(large)).toBe(true);
    expect(seen.at(-1)).toBe(large.length);
  });

  it("gives up a connection that has gone silent, and asks again", async () => {
    server.faults.set("data/train.parquet", [{ kind: "hang", afterBytes: 1000 }]);
    await run(onlyLarge, { ...hubAt(server.url), silenceMs: 100 });
    expect(readFileSync(join(out, "data/train.parquet")).equals(large)).toBe(true);
  });

  it("throws away what has another hash than the hub lists, and says so", async () => {
    server.faults.set("data/train.parquet", [{ kind: "corrupt" }]);
    await expect(run(onlyLarge)).rejects.toThrow(/another hash than the hub lists/);
    expect(readdirSync(join(out, "data"))).toEqual([]);
  });

  it("fetches again from the first byte where what an earlier call left is wrong", async () => {
    server.faults.set("data/train.parquet", [
      { kind: "cut", afterBytes: 100_000 },
      ...Array.from({ length: 6 }, () => ({ kind: "status", status: 500 }) as const),
    ]);
    await expect(run(onlyLarge)).rejects.toThrow(HubError);
    const part = readdirSync(join(out, "data")).find((name) => name.endsWith(".part")) ?? "";
    writeFileSync(join(out, "data", part), Buffer.alloc(50_000));
    await run(onlyLarge);
    expect(readFileSync(join(out, "data/train.parquet")).equals(large)).toBe(true);
  });

  it("refuses more bytes than the hub lists", async () => {
    server.faults.set("data/train.parquet", [{ kind: "too-long" }]);
    await expect(run(onlyLarge)).rejects.toThrow(/found more than 300000 bytes/);
  });

  it("tries again where the hub itself is busy", async () => {
    server.faults.set("/api/datasets/owner/name/revision/main", [
      { kind: "status", status: 503 },
      { kind: "status", status: 429 },
    ]);
    expect((await run()).outcomes.length).toBe(3);
  });

  it("names what is not there: the data set, the file, the server", async () => {
    const missing = { ...set, repository: "nobody/nothing" };
    await expect(fetchDataSet(hubAt(server.url), missing, { out, revision: "main" })).rejects.toThrow(
      /status 404 \(Repository not found\); no such data set, revision or file/,
    );
    await expect(run({ patterns: ["*.csv"] })).rejects.toThrow(
      /no file matches \*\.csv; it has README\.md, data\/train/,
    );
    await server.close();
    await expect(run()).rejects.toThrow(/gave up after 6 attempts/);
    server = await openTestHub(files);
  });

  it("refuses a listing that is none, and one whose names leave the folder", async () => {
    await server.close();
    for (const name of [
      "../outside.jsonl",
      "/etc/outside.jsonl",
      "a/../../outside.jsonl",
      "a\\..\\b.jsonl",
      "C:x.jsonl",
    ]) {
      server = await openTestHub({ [name]: large });
      await expect(run(), name).rejects.toThrow(/expected a path inside the data set. Nothing was fetched/);
      await server.close();
    }
    expect(readdirSync(out)).toEqual([]);
    server = await openTestHub(files);
    const wrongPlace = hubAt(`${server.url}/datasets/owner/name/resolve/${COMMIT}/README.md?`);
    await expect(run({}, wrongPlace)).rejects.toThrow(/Is this address a hub\?|no such data set/);
  });

  it("refuses what does not fit on the disk before it fetches anything", async () => {
    await server.close();
    server = await openTestHub(files, { listedBytes: 2 ** 52 });
    await expect(run()).rejects.toThrow(/needs \d+\.\d\d GB, .* are free: choose another --out/);
    expect(stored()).toEqual([]);
  });
});

describe("a release", () => {
  it("is one file from its own server, proved by the hash of our table, and the hub's token does not go there", async () => {
    const release = { url: "", version: "v1", bytes: large.length, sha256: sha256(large) };
    // The hub's second server, which asks for nothing.
    await run(onlyLarge);
    const store = stored()[0].headers.host;
    const url = `http://${store}/data/train.parquet`;
    const of = (changes: Partial<typeof release>): DataSet => ({
      ...set,
      files: ["train.parquet"],
      release: { ...release, url, ...changes },
    });
    const target = join(out, "release");
    const options = { out: target, revision: "main" };
    const fetched = await fetchDataSet(hubAt(server.url, "hf_right"), of({}), options);
    expect(fetched).toMatchObject({ commit: "v1", hub: `http://${store}`, outcomes: ["fetched"] });
    expect(readFileSync(join(target, "train.parquet")).equals(large)).toBe(true);
    expect(stored().at(-1)?.headers.authorization).toBeUndefined();
    const wrong = { ...options, out: join(out, "wrong") };
    await expect(fetchDataSet(hubAt(server.url), of({ sha256: "0".repeat(64) }), wrong)).rejects.toThrow(
      /another hash/,
    );
    expect(existsSync(join(out, "wrong", "train.parquet"))).toBe(false);
  });
});

describe("a gated data set", () => {
  beforeEach(async () => {
    await server.close();
    server = await openTestHub(files, { gated: true });
  });

  it("is read with a token, which goes to the hub and not to where its files lie", async () => {
    await run({}, hubAt(server.url, "hf_right"));
    const [hub, store] = ["hub", "store"].map((name) => server.requests.filter((request) => request.server === name));
    expect(hub?.every(({ headers }) => headers.authorization === "Bearer hf_right")).toBe(true);
    expect(store?.length).toBe(3);
    expect(store?.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  it("says how to give a token, and never what the token is", async () => {
    await expect(run()).rejects.toThrow(/status 401 .*pass a token in the environment variable CODERLPLUS_HUB_TOKEN/);
    const refused = await run({}, hubAt(server.url, "hf_wrong")).catch((error: unknown) => String(error));
    expect(refused).toMatch(/the token given may not read it/);
    expect(refused).not.toContain("hf_wrong");
  });
});

describe("the hub to ask", () => {
  it("is the mirror, else the environment's, else the public one", () => {
    const environment = { CODERLPLUS_HUB: "https://one.example/", HF_ENDPOINT: "https://two.example" };
    expect(hubFrom("http://mine.example/hf/", environment).url).toBe("http://mine.example/hf");
    expect(hubFrom(undefined, environment).url).toBe("https://one.example");
    expect(hubFrom(undefined, { HF_ENDPOINT: "https://two.example" }).url).toBe("https://two.example");
    expect(hubFrom(undefined, {}).url).toBe("https://huggingface.co");
    expect(() => hubFrom("ftp://x", {})).toThrow(UsageError);
    expect(() => hubFrom("https://user:secret@x.example", {})).toThrow(/pass a token as CODERLPLUS_HUB_TOKEN/);
  });

  it("gets the public hub's token only where it is the public hub", () => {
    expect(hubFrom(undefined, { HF_TOKEN: "t" }).token).toBe("t");
    expect(hubFrom("https://mirror.example", { HF_TOKEN: "t" }).token).toBeNull();
    expect(hubFrom("https://mirror.example", { HF_TOKEN: "t", CODERLPLUS_HUB_TOKEN: "m" }).token).toBe("m");
  });
});

describe("names", () => {
  it("are short ones, or owner/name; nothing that becomes another address", () => {
    for (const name of Object.keys(dataSets))
      expect(dataSetNamed(dataSetNamed(name).repository).repository).toMatch(/\//);
    for (const name of ["euros", "a/b/c", "../x", "a/..", "a/b?x", "a/b#c", "", "constructor"]) {
      expect(() => dataSetNamed(name), name).toThrow(/expected owner\/name on the hub, or one of eurus/);
    }
  });

  it("of files match globs as a shell's do", () => {
    expect(matches("data/a.parquet", ["*.parquet"])).toBe(false);
    expect(matches("data/a.parquet", ["data/*.parquet"])).toBe(true);
    expect(matches("a.parquet", ["**/*.parquet"])).toBe(true);
    expect(matches("x/y/a.parquet", ["**/*.parquet"])).toBe(true);
    expect(matches("aXparquet", ["a.parquet"])).toBe(false);
    expect(matches("test4.jsonl", ["test?.jsonl"])).toBe(true);
  });
});
