import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { applySettings, configText, resolveConfig } from "./resolve.js";
import type { Config, ConfigInput } from "./schema.js";

const resolved = (settings: readonly string[], recipe: ConfigInput = {}): Config =>
  resolveConfig(applySettings(recipe, settings), "here");
const remote = ["engine.kind=tinker", "engine.model=Qwen/Qwen2.5-Coder-7B-Instruct"];
const secret = "s3cr3t";

describe("the engine of a config", () => {
  it("is the embedded one unless another kind is named", () => {
    expect(resolved(["engine.threads=4"]).engine).toMatchObject({ kind: "embedded", model: "bundled", threads: 4 });
    expect(resolved([]).engine).toEqual(resolved(["engine.kind=embedded"]).engine);
  });

  it("is a server's where its kind is tinker, with every key of its own filled in", () => {
    expect(resolved([...remote, "engine.lora.rank=8"]).engine).toEqual({
      kind: "tinker",
      baseUrl: null,
      model: "Qwen/Qwen2.5-Coder-7B-Instruct",
      tokenizer: null,
      contextLength: null,
      profile: "auto",
      wire: "auto",
      lora: { rank: 8, trainMlp: true, trainAttention: true, trainUnembed: true },
      requestsInFlight: 256,
      sequencesPerRequest: null,
      patienceMinutes: 15,
    });
    expect(resolved([...remote, "engine.lora=null"]).engine.lora).toBeNull();
  });

  it("is read again as itself once it is written", () => {
    const config = resolved(remote);
    expect(resolveConfig(parse(configText(config)), "config.yaml")).toEqual(config);
  });

  it("leaves behind what a recipe says of the other kind, in whatever order the settings come", () => {
    const recipe: ConfigInput = { engine: { threads: 8, model: "my-model", lora: { alpha: 3 } } };
    for (const settings of [remote, remote.toReversed()]) {
      expect(resolved(settings, recipe).engine).toEqual(resolved(remote).engine);
    }
    const back = ["engine.kind=embedded", "engine.threads=3"];
    expect(resolved(back, { engine: { kind: "tinker", model: "m", wire: "json" } }).engine).toEqual(
      resolved(["engine.threads=3"]).engine,
    );
    const same: ConfigInput = { engine: { kind: "tinker", model: "m", wire: "json" } };
    expect(resolved(["engine.kind=tinker"], same).engine).toMatchObject({ model: "m", wire: "json" });
  });

  it.each([
    [
      ["engine.threads=2"],
      /engine\.threads is a key of engine\.kind: embedded, but engine\.kind is tinker; leave it out/,
    ],
    [["engine.lora.alpha=2"], /engine\.lora\.alpha is a key of engine\.kind: embedded/],
    [["engine.baseURL=http://x"], /engine: unknown key "baseURL" \(did you mean "baseUrl"\?\)/],
    [["engine.lora.trainMLP=false"], /engine\.lora: unknown key "trainMLP" \(did you mean "trainMlp"\?\)/],
    [["engine.profile=skyrl"], /engine\.profile: .*"skyrl-jax".*found "skyrl"/],
    [["engine.model=null"], /engine\.model: expected the model's name on the server/],
    [["engine.baseUrl=localhost:8000"], /engine\.baseUrl is no address of a server/],
    [["engine.baseUrl=http://localhost:8000"], null],
  ])("tells what is wrong with %j", (settings, message) => {
    const read = (): Config => resolved([...remote, ...settings]);
    if (message) expect(read).toThrow(message);
    else expect(read).not.toThrow();
  });

  it("tells a key that only a server has, a kind that there is not, and a model that is not named", () => {
    expect(() => resolved(["engine.baseUrl=http://localhost:8000"])).toThrow(
      "engine.baseUrl is a key of engine.kind: tinker, but engine.kind is embedded; leave it out, or set engine.kind=tinker",
    );
    expect(() => resolved(["engine.thread=2"])).toThrow('unknown key "thread" (did you mean "threads"?)');
    expect(() => resolved(["engine.kind=tinkers"])).toThrow(
      'engine.kind: expected "embedded" or "tinker"; found "tinkers"',
    );
    expect(() => resolved(["engine.kind=tinker"])).toThrow(
      "engine.model: expected the model's name on the server; found nothing",
    );
  });

  it.each([
    `https://me:${secret}@host/path`,
    `https://host/?key=${secret}`,
    `https://host/#${secret}`,
    `user:${secret}@host`,
  ])("takes no secret in an address, and does not repeat it: %s", (address) => {
    const message = (): string => {
      try {
        return JSON.stringify(resolved([...remote, `engine.baseUrl=${address}`]));
      } catch (error) {
        return String(error);
      }
    };
    expect(message()).toMatch(/engine\.baseUrl (holds more than a place|is no address)/);
    expect(message()).not.toContain(secret);
  });
});
