import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEmbedded } from "../../engines/embedded/embedded.js";
import { createTestModel, removeTestModels } from "../../engines/embedded/test-model.js";
import type { Engine } from "../../engines/engine.js";
import { enginePolicy } from "./engine.js";
import type { Completion, CompletionRequest, Decoding, Prompt } from "./policy.js";

const decoding: Decoding = { samples: 2, temperature: 1, topP: 0.95, maximumTokens: 12, stop: [] };
let engine: Engine;

beforeAll(async () => {
  engine = await openEmbedded({ model: createTestModel().folder, threads: 1 });
});
afterAll(async () => {
  await engine.close();
  removeTestModels();
});

function text(task: string, content: string, changes: Partial<Decoding> = {}, samples = [0, 1]): CompletionRequest {
  return { task, prompt: { kind: "text", text: content }, decoding: { ...decoding, ...changes }, samples };
}

async function complete(
  requests: readonly CompletionRequest[],
  asked: Engine = engine,
): Promise<Map<string, Completion>> {
  const completions = new Map<string, Completion>();
  const own = enginePolicy(() => Promise.resolve(asked), { name: "test", identity: {}, seed: 0 });
  await own.complete(requests, (request, sample, completion) => {
    const place = `${requests[request].task} ${sample}`;
    expect(completions.has(place)).toBe(false);
    completions.set(place, completion);
  });
  return completions;
}

/** The prompts that an engine is given. */
async function promptsOf(prompt: Prompt, chat: Engine["model"]["tokenizer"]["chat"], start = ""): Promise<string[]> {
  const { model } = engine;
  const seen: string[] = [];
  const listening = Object.assign(Object.create(engine) as Engine, {
    model: { ...model, tokenizer: { ...model.tokenizer, chat, start } },
    sample: ((requests, onEvent) => {
      seen.push(...requests.map((request) => model.tokenizer.decode(request.prompt)));
      return engine.sample(requests, onEvent);
    }) satisfies Engine["sample"],
  });
  await complete([{ ...text("a", ""), prompt }], listening);
  return seen;
}

describe("an engine as a policy", () => {
  it("draws the same sample whatever else is asked, so that what is missing can be asked alone", async () => {
    const all = await complete([text("a", "def x"), text("b", "return y"), text("c", "def x")]);
    expect(all.size).toBe(6);
    const alone = await complete([text("b", "return y", {}, [1])]);
    expect(alone.get("b 1")).toEqual(all.get("b 1"));
    // Another task with the same prompt has draws of its own.
    expect(all.get("a 0")).not.toEqual(all.get("c 0"));
    expect(all.get("a 0")).not.toEqual(all.get("a 1"));
  });

  it("ends a completion before the text to stop at, and counts what was drawn", async () => {
    const whole = await complete([text("a", "def x", { maximumTokens: 20 }, [0])]);
    const { text: drawn = "" } = whole.get("a 0") ?? {};
    const stop = [...drawn].find((letter) => /[!-~]/.test(letter)) as string;
    const cut = (await complete([text("a", "def x", { maximumTokens: 20, stop: [stop] }, [0])])).get("a 0");
    expect(cut?.text).toBe(drawn.slice(0, drawn.indexOf(stop)));
    expect(cut?.stopReason).toBe("stop");
    expect(cut?.completionTokens).toBeLessThanOrEqual(whole.get("a 0")?.completionTokens ?? 0);
  });

  it("keeps prompt and completion within the context of the definition, and says where the prompt leaves no room", async () => {
    const prompt = "return 42\n".repeat(8);
    const promptTokens = engine.model.tokenizer.encode(prompt).length;
    const tight = await complete([text("a", prompt, { contextTokens: promptTokens + 3, maximumTokens: 9 }, [0])]);
    expect(tight.get("a 0")).toMatchObject({ promptTokens, stopReason: "length", completionTokens: 3 });
    const full = await complete([text("a", prompt, { contextTokens: promptTokens }), text("b", "x"), text("c", "")]);
    const noRoom = { text: "", stopReason: "no-room", completionTokens: 0 };
    expect(full.get("a 1")).toEqual({ ...noRoom, promptTokens });
    expect(full.get("b 1")?.stopReason).not.toBe("no-room");
    // Nothing to begin with.
    expect(full.get("c 0")).toEqual({ ...noRoom, promptTokens: 0 });
  });

  it("puts messages into the model's template, or one below the other where it has none", async () => {
    const messages = [
      { role: "system", content: "be x\n" },
      { role: "user", content: "return y" },
    ] as const;
    const template = (all: ReadonlyArray<{ role: string; content: string }>): string =>
      all.map(({ role, content }) => `<${role}>${content}`).join("");
    expect(await promptsOf({ kind: "chat", messages }, template, "x")).toEqual(["<system>be x\n<user>return y"]);
    expect(await promptsOf({ kind: "chat", messages }, undefined)).toEqual(["be x\n\nreturn y\n\n"]);
    expect(await promptsOf({ kind: "text", text: "def x" }, template, "x ")).toEqual(["x def x"]);
  });

  it("opens nothing before it is asked, and gives up what is under way when it is stopped", async () => {
    let opened = 0;
    const open = (): Promise<Engine> => {
      opened++;
      return openEmbedded({ model: createTestModel().folder, threads: 1 });
    };
    const policy = enginePolicy(open, { name: "test", identity: {}, seed: 0 });
    expect(opened).toBe(0);
    const controller = new AbortController();
    const requests = Array.from({ length: 40 }, (_, i) => text(`${i}`, "def x", { maximumTokens: 80 }));
    const told: number[] = [];
    const all = policy.complete(
      requests,
      (request) => {
        told.push(request);
        controller.abort();
      },
      controller.signal,
    );
    await expect(all).rejects.toThrow("the engine is closed");
    expect(told.length).toBeLessThan(80);
    expect(opened).toBe(1);
  });
});
