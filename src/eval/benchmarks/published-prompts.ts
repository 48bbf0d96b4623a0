// The interface strings of published evaluations for benchmarks whose answers are programs: a number that is to be put
// beside theirs needs exactly these, typing errors included. Facts about their formats, and nothing else, are repeated:
//   CodeRL+ (`official`): github.com/jiangxxxue/CODERLPLUS @ c574a90, benchmark_evaluation/ (Apache-2.0); it has no
//     MBPP, HumanEval+ or MBPP+, whose official prompts here are its HumanEval's, in the same words
//   HumanEval (`upstream`): github.com/openai/human-eval (MIT); stop texts: arXiv 2107.03374, section 2.1
//   HumanEval+ and MBPP+ (`upstream`): github.com/evalplus/evalplus @ 26d6d00 (Apache-2.0)
//   MBPP (`upstream`): arXiv 2108.07732, github.com/google-research/google-research, mbpp/ (Apache-2.0)
//   LeetCode (`upstream`): github.com/deepseek-ai/DeepSeek-Coder @ 2f9fd85, Evaluation/LeetCode (MIT)
//   LiveCodeBench (`upstream`): github.com/LiveCodeBench/LiveCodeBench @ 28fef95 (MIT)
// Not here: prompts of tasks whose answers are values (code reasoning, test output, CRUXEval).

import type { Prompt } from "../policies/policy.js";

/** One turn of the user's; whether a system message stands in front is the chat template's own business. */
function userPrompt(content: string): Prompt {
  return { kind: "chat", messages: [{ role: "user", content }] };
}

/** Behind every question of CodeRL+'s own. */
const PRESENT_THE_CODE =
  "\n\nWrite Python code to solve the problem. Present the code in \n```python\nYour code\n```\nat the end.";

/** @param signature  of the function, from its name to what stands before the colon */
export function officialFunctionPrompt(prompt: string, signature: string): Prompt {
  return userPrompt(
    "Write Python code to solve the task.\n" +
      `Write a Python function \`${signature}\` to solve the following problem: Present code in \`\`\`python\`\`\`\n` +
      `\`\`\`python\n${prompt}\n\`\`\`\n${PRESENT_THE_CODE}`,
  );
}

/** Where the question says all, as LeetCode's does. */
export function officialQuestionPrompt(question: string): Prompt {
  return userPrompt(question + PRESENT_THE_CODE);
}

/** DeepSeek-Coder asks with the question alone. */
export function leetCodePrompt(question: string): Prompt {
  return userPrompt(question);
}

/** Texts before which a HumanEval completion ends. */
export const HUMANEVAL_STOPS = ["\nclass", "\ndef", "\n#", "\nif", "\nprint"] as const;

/** As EvalPlus asks chat models behind an endpoint. */
export function evalPlusPrompt(prompt: string): Prompt {
  return userPrompt(
    "Please provide a self-contained Python script that solves the following problem in a markdown code block:" +
      `\n\`\`\`python\n${prompt.trim()}\n\`\`\``,
  );
}

/** MBPP as CodeRL+ would ask it: its words around MBPP's. */
export function officialMbppPrompt({ text, tests }: MbppQuestion): Prompt {
  const question = `${text} Your code should pass these tests:\n\n${tests.join("\n")}\n`;
  return userPrompt(`Write Python code to solve the task.\n${question}${PRESENT_THE_CODE}`);
}

export interface MbppQuestion {
  readonly text: string;
  readonly tests: readonly string[];
}

/** MBPP's question; an example's program and {@link MBPP_DONE} follow behind it. */
export function mbppQuestion({ text, tests }: MbppQuestion): string {
  return (
    `You are an expert Python programmer, and here is your task: ${text} ` +
    `Your code should pass these tests:\n\n${tests.join("\n")}\n[BEGIN]\n`
  );
}
export const MBPP_DONE = "[DONE]";

/** LiveCodeBench's question, as far as prompts are made of it. */
export interface LiveQuestion {
  readonly content: string;
  /** "" where programs read and print. */
  readonly starterCode: string;
}

const WITH_STARTER_CODE =
  "You will use the following starter code to write the solution to the problem and enclose your code within delimiters.";
const WITHOUT_STARTER_CODE =
  "Read the inputs from stdin solve the problem and write the answer to stdout (do not directly test on the sample inputs). Enclose your code within delimiters as follows.";
const MAKE_SURE_IT_RUNS =
  " Ensure that when the python program runs, it reads the inputs, runs the algorithm and writes output to STDOUT.";
const WHAT_WILL_BE_GIVEN =
  "You will be given a question (problem specification) and will generate a correct Python program that matches the specification and passes all tests.";

/** The chat format is written out by hand, stray line breaks and all: no chat template has a part in it. */
export function officialLivePrompt({ content, starterCode }: LiveQuestion): Prompt {
  const format = starterCode === "" ? WITHOUT_STARTER_CODE : WITH_STARTER_CODE;
  return {
    kind: "text",
    text:
      "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n\n" +
      `${WHAT_WILL_BE_GIVEN} You will NOT return anything except for the program.\n\nQuestion: ${content}\n\n` +
      `${format}\n${fencedStarter(starterCode)}\n\n<|im_end|>\n<|im_start|>assistant\n`,
  };
}

export function upstreamLivePrompt({ content, starterCode }: LiveQuestion): Prompt {
  const format = starterCode === "" ? WITHOUT_STARTER_CODE + MAKE_SURE_IT_RUNS : WITH_STARTER_CODE;
  return {
    kind: "chat",
    messages: [
      { role: "system", content: `You are an expert Python programmer. ${WHAT_WILL_BE_GIVEN}` },
      {
        role: "user",
        content:
          `### Question:\n${content}\n\n### Format: ${format}\n${fencedStarter(starterCode)}\n\n` +
          "### Answer: (use the provided format with backticks)\n\n",
      },
    ],
  };
}

function fencedStarter(starterCode: string): string {
  return `\`\`\`python\n${starterCode === "" ? "# YOUR CODE HERE" : starterCode}\n\`\`\``;
}

/** What the published harnesses put in front of a LeetCode program. */
export const LEETCODE_IMPORTS = `import math
import re
import sys
import copy
import datetime
import itertools
import collections
import heapq
import functools
import hashlib
import numpy
import numpy as np
import string
from typing import *
from collections import *
from functools import *
`;

const LIVE_STARS = [
  ..."string re datetime collections heapq bisect copy math random statistics itertools functools operator io".split(
    " ",
  ),
  ..."sys json builtins typing".split(" "),
];

/**
 * What LiveCodeBench's checker puts in front of a program. The order counts: `from operator import *` hides the
 * built-in `pow`, and `from builtins import *` brings it back.
 */
export const LIVE_IMPORTS = [
  ...LIVE_STARS.map((name) => `from ${name} import *`),
  ...LIVE_STARS.slice(0, -2).map((name) => `import ${name}`),
  "",
].join("\n");
