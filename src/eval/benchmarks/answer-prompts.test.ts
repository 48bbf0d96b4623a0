// The prompts against the published ones, by their hashes: each is the SHA-256 of what the harness's own function gave for
// these arguments, whose names stand beside it.

import { expect, test } from "vitest";
import { sha256 } from "../../core/files.js";
import type { Prompt } from "../policies/policy.js";
import {
  askedOfExpert,
  cruxevalInputQuestion,
  cruxevalOutputQuestion,
  officialReasoningQuestion,
  officialTestOutputPrompt,
  upstreamReasoningQuestion,
  upstreamTestOutputPrompt,
} from "./answer-prompts.js";

const CODE = "def f(a):\n    return a + 1";
const ASKED = {
  content: "Add one.\n\n",
  starterCode: "def addOne(a: int, b: int) -> int:\n    pass\n",
  functionName: "addOne",
  input: "41\n[2]",
};

function hashes(prompt: Prompt): string[] {
  return (prompt.kind === "text" ? [prompt.text] : prompt.messages.map(({ content }) => content)).map(sha256);
}

test("every question is the published one, to the character", () => {
  // make_direct_output_prompt((CODE, "41")) and make_direct_input_prompt((CODE, "42")) of CRUXEval
  expect(sha256(cruxevalOutputQuestion(CODE, "41"))).toBe(
    "cbf980d59aaed80e51ba99c4a4aaaea7fd5830f7304f26669b0e3cbf33c16f20",
  );
  expect(sha256(cruxevalInputQuestion(CODE, "42"))).toBe(
    "0c021a15872bf029c3bbecbaff470925a725d0cf250f3fa48506928531ddaae9",
  );
  // make_direct_output_prompt((CODE, "f(a = 41)")) of LiveCodeBench
  expect(sha256(upstreamReasoningQuestion(CODE, "f(a = 41)"))).toBe(
    "41f6461fbc75137aef3af95eee8562b6cee673145fa8dabf4c4e824dc04801bb",
  );
  // reasoning_content of CodeRL+'s make_conv_hf
  expect(sha256(officialReasoningQuestion(CODE, "f(a = 41)"))).toBe(
    "47f85a826bc57614bc8f0b6f388a280b3d60f65f4826e2ad58e9133991508f94",
  );
  // system_message of LiveCodeBench's format_prompt_execution_base
  expect(hashes(askedOfExpert(""))[0]).toBe("fe01db3bfe1094201ee3f29d7089accfa28d12b9567c15ef59a09e976b3cdb77");
  // get_codeqwen_instruct_prompt of CodeRL+
  expect(hashes(officialTestOutputPrompt(ASKED))).toEqual([
    "b079ecde5019e84e7357b9c1750a8961fde15eec859380173cb00ef40a0f1317",
  ]);
  // SYSTEM_MESSAGE_CHAT_GENERIC and get_generic_question_template_test_completion of LiveCodeBench
  expect(hashes(upstreamTestOutputPrompt(ASKED))).toEqual([
    "b71806c6643b8c59e5c576ce5537653ba6c979df8cdfa9ed66d08ddb14d78dcf",
    "07de7d2f47c4c63431d9113457c39f4554338d3b1bdbc91ff8695c2bb868513d",
  ]);
});
