import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createTestModel, removeTestModels } from "../test-model.js";
import { readTokenizer } from "./tokenizer.js";

const FIXTURES = join(import.meta.dirname, "fixtures");
const KINDS = readdirSync(FIXTURES, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? entry.name : [],
);
const scratch = mkdtempSync(join(tmpdir(), "coderlplus-tokenizer-"));
afterAll(() => {
  removeTestModels();
  rmSync(scratch, { recursive: true, force: true });
});

describe("the tokenizer", () => {
  const tokenizer = readTokenizer(createTestModel().folder);

  it("gives back any text, also what its words do not cover", () => {
    for (const text of ["def x(y):\nreturn 42", "λ → 🎉 tab\t\r\n", "", "  two  spaces ", "<not special>"]) {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }
    expect(tokenizer.encode("return 42")).toHaveLength(3);
  });

  it("knows its end and leaves special tokens out of the text", () => {
    expect(tokenizer.endIds).toEqual([0, 1]);
    expect(tokenizer.padId).toBe(0);
    expect(tokenizer.decode([...tokenizer.encode("x"), 0])).toBe("x");
    expect(tokenizer.decode([])).toBe("");
    expect(tokenizer.vocabularySize).toBe(2 + 256 + 16);
    // Ids that the model has beyond its tokenizer's.
    expect(tokenizer.decode([280, ...tokenizer.encode("x"), 287])).toBe("x");
  });

  it("applies the chat template", () => {
    expect(tokenizer.chat?.([{ role: "user", content: "hi" }])).toBe("user: hi\nassistant: ");
  });
});

/** What fixtures/make_tokenizers.py got from the Python originals. */
interface Cases {
  readonly endIds: number[];
  readonly texts: ReadonlyArray<{ text: string; ids: number[]; whole: number[]; back: string }>;
  readonly decoded: ReadonlyArray<{ ids: number[]; text: string }>;
  readonly chats: ReadonlyArray<{ messages: Array<{ role: string; content: string }>; text: string; ids: number[] }>;
}

describe.each(KINDS)("a tokenizer of %s's kind, as the Python original has it", (kind) => {
  const cases = JSON.parse(readFileSync(join(FIXTURES, kind, "cases.json"), "utf8")) as Cases;
  const tokenizer = readTokenizer(join(FIXTURES, kind));

  it("cuts texts into the same ids", () => {
    for (const { text, ids, back } of cases.texts) {
      expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids);
      expect(tokenizer.decode(ids), JSON.stringify(text)).toBe(back);
    }
  });

  it("begins a text as the model has learnt it", () => {
    for (const { text, whole } of cases.texts) expect(tokenizer.encode(tokenizer.start + text)).toEqual(whole);
    expect(tokenizer.start).toBe(kind === "llama3" ? "<|begin_of_text|>" : "");
  });

  it("makes the same text of any ids", () => {
    for (const { ids, text } of cases.decoded) expect(tokenizer.decode(ids), ids.join()).toBe(text);
  });

  it("writes chats the same way", () => {
    for (const { messages, text, ids } of cases.chats) {
      expect(tokenizer.chat?.(messages)).toBe(text);
      expect(tokenizer.encode(text)).toEqual(ids);
    }
  });

  it("stops at every token that ends a turn", () => {
    expect(tokenizer.endIds.toSorted((a, b) => a - b)).toEqual(cases.endIds.toSorted((a, b) => a - b));
  });
});

describe("a chat template", () => {
  function withSettings(settings: Readonly<Record<string, unknown>>): string {
    const folder = mkdtempSync(join(scratch, "chat-"));
    cpSync(join(FIXTURES, "qwen2.5"), folder, { recursive: true });
    writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify(settings));
    return folder;
  }

  it("may be absent", () => {
    expect(readTokenizer(withSettings({})).chat).toBeUndefined();
  });

  it("is refused where none of a list is the default, or it is not one", () => {
    const list = [{ name: "tool_use", template: "" }];
    expect(() => readTokenizer(withSettings({ chat_template: list }))).toThrow('a list with one called "default"');
    expect(() => readTokenizer(withSettings({ chat_template: "{% if %}" }))).toThrow(
      "its chat template cannot be used",
    );
  });

  it("may refuse the messages itself", () => {
    const folder = withSettings({ chat_template: "{{ raise_exception('no system role') }}" });
    expect(() => readTokenizer(folder).chat?.([{ role: "system", content: "" }])).toThrow(
      `${folder}: its chat template cannot be used: no system role`,
    );
  });
});
