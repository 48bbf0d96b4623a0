// The interface strings of published evaluations for benchmarks whose answers are values: a number that is to be put
// beside theirs needs exactly these, white space included. Facts about their formats, and nothing else, are repeated:
//   CodeRL+ (`official`): github.com/jiangxxxue/CODERLPLUS @ c574a90, benchmark_evaluation/ (Apache-2.0)
//   LiveCodeBench (`upstream`): github.com/LiveCodeBench/LiveCodeBench @ 28fef95, lcb_runner/ (MIT)
//   CRUXEval: github.com/facebookresearch/cruxeval @ 190faf1, prompts.py and openai/ (MIT)
// Not here: prompts of tasks whose answers are programs (published-prompts.ts).

import type { Prompt } from "../policies/policy.js";

/** LiveCodeBench's and CRUXEval's for chat models, before a question of execution. */
const EXECUTION_SYSTEM = "You are an expert at Python programming, code execution, test case generation, and fuzzing.";

export function askedOfExpert(content: string): Prompt {
  return askedWith(EXECUTION_SYSTEM, content);
}

function askedWith(system: string, content: string): Prompt {
  return {
    kind: "chat",
    messages: [
      { role: "system", content: system },
      { role: "user", content },
    ],
  };
}

/** Code reasoning, CodeRL+: one turn of the user's. */
export function officialReasoningQuestion(code: string, input: string): string {
  return (
    "Analyze the following Python code and predict its output for the given input.\n\n" +
    `\`\`\`python\n${code}\n\`\`\`\n\nInput: ${input}\n\n` +
    "Please think step by step and provide your final answer in the format \\boxed{output} where output is exactly " +
    "what the code produces."
  );
}

const COMPLETE_WITH_OUTPUT =
  "You are given a Python function and an assertion containing an input to the function. Complete the assertion with " +
  "a literal (no unsimplified expressions, no function calls) containing the output when executing the provided code " +
  "on the given input, even if the function is incorrect or incomplete. Do NOT output any extra information. Provide " +
  "the full assertion with the correct output in [ANSWER] and [/ANSWER] tags, following the examples.\n\n";

const FIND_INPUT =
  "You will be given a function f and an output in the form f(??) == output. Find any input such that executing f on " +
  "the input leads to the given output. There may be multiple answers, but you should only output one. In [ANSWER] and " +
  "[/ANSWER] tags, complete the assertion with one such input that will produce the output when executing the " +
  "function.\n\n";

function example(code: string, claim: string, answer: string): string {
  return `${question(code, claim)}assert ${answer}\n[/ANSWER]\n\n`;
}

function question(code: string, claim: string): string {
  return `[PYTHON]\n${code}\nassert ${claim}\n[/PYTHON]\n[ANSWER]\n`;
}

/** Code reasoning, LiveCodeBench, without a chain of thought. @param call  such as `f(a = 1)` */
export function upstreamReasoningQuestion(code: string, call: string): string {
  return (
    COMPLETE_WITH_OUTPUT +
    example(
      "def repeatNumber(number : int) -> int:\n    return number",
      "repeatNumber(number = 17) == ??",
      "repeatNumber(number = 17) == 17",
    ) +
    example(
      'def addCharacterA(string : str) -> str:\n    return string + "a"',
      'addCharacterA(string = "x9j") == ??',
      'addCharacterA(string = "x9j") == "x9ja"',
    ) +
    question(code, `${call} == ??`)
  );
}

/** CRUXEval, outputs, directly. */
export function cruxevalOutputQuestion(code: string, input: string): string {
  return (
    COMPLETE_WITH_OUTPUT +
    example("def f(n):\n    return n", "f(17) == ??", "f(17) == 17") +
    example('def f(s):\n    return s + "a"', 'f("x9j") == ??', 'f("x9j") == "x9ja"') +
    question(code, `f(${input}) == ??`)
  );
}

/** CRUXEval, inputs, directly. */
export function cruxevalInputQuestion(code: string, output: string): string {
  return (
    FIND_INPUT +
    example(
      "def f(my_list):\n    count = 0\n    for i in my_list:\n        if len(i) % 2 == 0:\n            count += 1\n" +
        "    return count",
      "f(??) == 3",
      'f(["mq", "px", "zy"]) == 3',
    ) +
    example("def f(s1, s2):\n    return s1 + s2", 'f(??) == "banana"', 'f("ba", "nana") == "banana"') +
    question(code, `f(??) == ${output}`)
  );
}

const TEST_OUTPUT_SYSTEM =
  "You are a helpful programming assistant and an expert Python programmer. You are helping a user to write a test " +
  "case to help to check the correctness of the function. The user has written a input for the testcase. You will " +
  "calculate the output of the testcase and write the whole assertion statement in the markdown code block with the " +
  "correct output.";

export interface TestOutputQuestion {
  readonly content: string;
  readonly starterCode: string;
  readonly functionName: string;
  /** One argument a line. */
  readonly input: string;
}

function testOutputQuestion({ content, starterCode, functionName, input }: TestOutputQuestion): string {
  return (
    `Problem:\n${content}Function:\n\`\`\`\n${starterCode}\n\`\`\`\nPlease complete the following test case:\n\n` +
    `\`\`\`\nassert ${functionName}(${input.split("\n").join(", ")}) == # TODO\n\`\`\`\n`
  );
}

/** CodeRL+ writes the chat template by hand, with line breaks that the model's own does not have. */
export function officialTestOutputPrompt(asked: TestOutputQuestion): Prompt {
  const turn = (role: string, content: string): string => `<|im_start|>${role}\n${content}\n<|im_end|>\n`;
  const turns = turn("system", TEST_OUTPUT_SYSTEM) + turn("user", testOutputQuestion(asked));
  return { kind: "text", text: `${turns}<|im_start|>assistant\n` };
}

export function upstreamTestOutputPrompt(asked: TestOutputQuestion): Prompt {
  return askedWith(TEST_OUTPUT_SYSTEM, testOutputQuestion(asked));
}
