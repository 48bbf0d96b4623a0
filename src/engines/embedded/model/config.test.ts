import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { EngineError } from "../../../core/errors.js";
import { layoutOf } from "../decoder/layout.js";
import { type DecoderConfig, readConfig } from "./config.js";

const FIXTURES = join(import.meta.dirname, "../families/fixtures");
const folder = mkdtempSync(join(tmpdir(), "coderlplus-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Keys = Readonly<Record<string, unknown>>;

/** A published model's config.json with other keys. */
function read(name: string, keys: Keys = {}): DecoderConfig {
  const config = JSON.parse(readFileSync(join(FIXTURES, name, "config.json"), "utf8")) as Keys;
  writeFileSync(join(folder, "config.json"), JSON.stringify({ ...config, ...keys }));
  return readConfig(folder);
}

function refusal(name: string, keys: Keys): string {
  try {
    read(name, keys);
  } catch (error) {
    expect(error).toBeInstanceOf(EngineError);
    const { message } = error as Error;
    expect(message).toContain(join(folder, "config.json"));
    expect(message).not.toContain("\n");
    return message;
  }
  return "nothing was refused";
}

const WINDOW = { use_sliding_window: true, sliding_window: 8, layer_types: null };

describe("config.json", () => {
  it("is refused, naming the key, where the engine would compute something else", () => {
    const cases: Array<[string, Keys, string]> = [
      ["llama3", { model_type: "mamba" }, 'model_type: expected one of "qwen2", "llama", "qwen3", found "mamba"'],
      ["llama3", { hidden_act: "gelu" }, 'hidden_act: expected "silu"; found "gelu"'],
      ["llama3", { quantization_config: { bits: 4 } }, "quantization_config: quantised weights are not supported"],
      ["llama3", { hidden_size: undefined }, "hidden_size: "],
      ["llama3", { head_dim: 7 }, "head_dim: 7 numbers a head"],
      ["llama3", { head_dim: null, hidden_size: 15 }, "num_attention_heads: 2 heads do not divide hidden_size 15"],
      ["qwen2.5-coder", { num_key_value_heads: 3 }, "num_key_value_heads: 3 does not divide 4 heads"],
      ["qwen3-tied", { layer_types: ["full_attention", "sliding_attention"] }, "use_sliding_window: layers with a"],
      ["qwen2-tied", { ...WINDOW, max_window_layers: 1 }, "use_sliding_window: layers with a"],
    ];
    for (const [name, keys, message] of cases) expect(refusal(name, keys)).toContain(message);
  });

  it("may speak of windows that cut nothing off", () => {
    const whole = read("qwen2-tied");
    expect(read("qwen2-tied", { sliding_window: 8, max_window_layers: 1, layer_types: null })).toEqual(whole);
    expect(read("qwen2-tied", { ...WINDOW, max_window_layers: 2 })).toEqual(whole);
    expect(read("qwen2-tied", { ...WINDOW, sliding_window: 256, max_window_layers: 0 })).toEqual(whole);
  });

  it("leaves out what every model of a family has", () => {
    expect(read("qwen3-tied", { head_dim: undefined }).headSize).toBe(128);
    expect(read("llama3", { head_dim: undefined }).headSize).toBe(8);
    expect(read("llama3", { num_key_value_heads: undefined }).keyValueHeads).toBe(2);
    expect(read("llama3", { rope_scaling: null, rope_theta: undefined }).rope).toEqual({
      theta: 10_000,
      scaling: { kind: "none" },
    });
  });
});

describe("the config.json of a published model", () => {
  const path = join(FIXTURES, "published.json");
  const published = JSON.parse(readFileSync(path, "utf8")) as Record<string, { config: Keys; parameters: number }>;

  it.each(Object.entries(published))("%s has the parameters that transformers counts", (_, { config, parameters }) => {
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    expect(layoutOf(readConfig(folder)).parameters).toBe(parameters);
  });
});

describe("rotary scaling in config.json", () => {
  const scaled = { rope_type: "yarn", factor: 4, original_max_position_embeddings: 64 };

  it("means the same in both spellings", () => {
    const plain = { rope_scaling: null, rope_theta: undefined };
    expect(read("qwen2.5-yarn", { ...plain, rope_parameters: { ...scaled, rope_theta: 10_000 } })).toEqual(
      read("qwen2.5-yarn", { rope_scaling: scaled, rope_theta: 10_000 }),
    );
    expect(read("qwen2.5-yarn", { rope_scaling: { ...scaled, type: "yarn" } })).toEqual(read("qwen2.5-yarn"));
  });

  it("lengthens the context of YaRN where max_position_embeddings was left as it was", () => {
    expect(read("qwen2.5-yarn", { max_position_embeddings: 64 }).contextLength).toBe(256);
    expect(read("qwen2.5-yarn", { max_position_embeddings: 512 }).contextLength).toBe(512);
  });

  it("fills in what YaRN leaves open as transformers does", () => {
    const { original_max_position_embeddings: _, ...rest } = scaled;
    const scaling = (keys: Keys): unknown => read("qwen2.5-yarn", keys).rope.scaling;
    expect(scaling({ rope_scaling: rest, max_position_embeddings: 64 })).toMatchObject({ originalContextLength: 64 });
    expect(scaling({ rope_scaling: { ...scaled, factor: null }, max_position_embeddings: 128 })).toMatchObject({
      factor: 2,
      attentionFactor: 0.1 * Math.log(2) + 1,
      betaFast: 32,
      betaSlow: 1,
      truncate: true,
    });
    expect(scaling({ rope_scaling: { ...scaled, mscale: 2, mscale_all_dim: 1 } })).toMatchObject({
      attentionFactor: (0.2 * Math.log(4) + 1) / (0.1 * Math.log(4) + 1),
    });
  });

  it("is refused where it is unknown, incomplete or would change with the length", () => {
    const cases: Array<[Keys, string]> = [
      [{ rope_scaling: { type: "dynamic", factor: 2 } }, 'rope_scaling: rope_type "dynamic": its angles change with'],
      [{ rope_scaling: { rope_type: "longrope" } }, 'rope_type "longrope": its angles change with'],
      [{ rope_scaling: { rope_type: "magic" } }, 'rope_type "magic": expected default, linear, llama3 or yarn'],
      [{ rope_scaling: { type: "linear" } }, "rope_scaling: factor: "],
      [{ rope_scaling: { ...scaled, beta: 3 } }, 'rope_scaling: unknown key "beta"'],
      [{ rope_scaling: { rope_type: "llama3", factor: 8 } }, "rope_scaling: low_freq_factor: "],
      [{ rope_scaling: 4 }, "rope_scaling: expected an object or null"],
      [{ partial_rotary_factor: 0.5 }, "partial_rotary_factor: not supported, expected 1, found 0.5"],
      [{ rope_scaling: null, rope_theta: -1 }, "rope_theta: "],
    ];
    for (const [keys, message] of cases) expect(refusal("llama3", keys)).toContain(message);
  });
});
