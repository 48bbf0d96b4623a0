import { afterAll, describe, expect, it } from "vitest";
import { createTestModel, removeTestModels } from "../test-model.js";
import { readTokenizer } from "./tokenizer.js";

afterAll(removeTestModels);

describe("the tokenizer", () => {
  const tokenizer = readTokenizer(createTestModel().folder);

  it("gives back any text, also what its words do not cover", () => {
    for (const text of ["def x(y):\nreturn 42", "λ → 🎉 tab\t\r\n", "", "  two  spaces ", "<not special>"]) {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }
    expect(tokenizer.encode("return 42")).toHaveLength(3);
  });

  it("knows its end and leaves special tokens out of the text", () => {
    expect(tokenizer.endIds).toEqual([0]);
    expect(tokenizer.padId).toBe(0);
    expect(tokenizer.decode([...tokenizer.encode("x"), 0])).toBe("x");
    expect(tokenizer.decode([])).toBe("");
    expect(tokenizer.vocabularySize).toBe(2 + 256 + 16);
  });

  it("applies the chat template", () => {
    expect(tokenizer.chat?.([{ role: "user", content: "hi" }])).toBe("user: hi\nassistant: ");
  });
});
