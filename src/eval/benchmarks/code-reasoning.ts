// Code reasoning: what LiveCodeBench's programs return for a given call (execution-v2, Jain et al. 2024, arXiv
// 2403.07974), 479 tasks under the name that CodeRL+ gives them.

import type { Json } from "../../core/json.js";
import { optionalText, type Row, textOf } from "../../problems/sources/row.js";
import type { Prompt } from "../policies/policy.js";
import { askedOfExpert, officialReasoningQuestion, upstreamReasoningQuestion } from "./answer-prompts.js";
import { assertedValue, boxedValue } from "./answer-text.js";
import type { Benchmark, PromptStyle, Task } from "./benchmark.js";
import { gradedTask } from "./graded-task.js";
import { literalOf, sameValue } from "./literal.js";
import { officialReasoningAnswer, upstreamReasoningAnswer } from "./published-answers.js";
import { userPrompt } from "./published-prompts.js";
import { dateIn, readTaskRows } from "./task-file.js";
import { assertionOf, dropped, runAssertion, valueMark } from "./value-task.js";

export const codeReasoning: Benchmark = {
  name: "code-reasoning",
  about: "LiveCodeBench execution-v2: what 479 Python functions return for a given call",
  licence: "CC (variant not named)",
  file: { kind: "fetched", dataSet: "code-reasoning" },
  decoding: {
    official: { samples: 1, temperature: 0, topP: 1, maximumTokens: 4096, stop: ["<|eot_id|>", "</s>"] },
    upstream: { samples: 10, temperature: 0.2, topP: 0.95, maximumTokens: 2000, stop: ["###"] },
  },
  load: (path) => readTaskRows(path, { name: "execution-v2", fields: FIELDS }, taskOf),
};

const FIELDS = ["id", "code", "input", "output", "function_name"];

function taskOf(row: Row): Task {
  const [id, code, input, output, callee] = FIELDS.map((field) => textOf(row, field));
  const prompts: Readonly<Record<PromptStyle, () => Prompt>> = {
    official: () => userPrompt(officialReasoningQuestion(code, input)),
    upstream: () => askedOfExpert(upstreamReasoningQuestion(code, input)),
  };
  const valueIn = (completion: string, style: PromptStyle): Json | undefined =>
    style === "official" ? boxedValue(completion) : assertedValue(completion, callee);
  return gradedTask({
    id,
    difficulty: optionalText(row, "difficulty"),
    date: dateIn(row, "contest_date"),
    prompts,
    extract: { official: officialReasoningAnswer, upstream: upstreamReasoningAnswer },
    official: async (answer, sandbox) =>
      answer.includes(input)
        ? dropped("the answer holds the call")
        : runAssertion(sandbox, code, output, answer, BASE_IMPORTS),
    strict: (completion, _, style) => ({
      mark: valueMark(output, literalOf(output), valueIn(completion, style), sameValue),
      cpuMs: 0,
    }),
    solution: solutionOf(input, output),
  });
}

/** Absent where the published extraction loses every form of the output, as with a text that holds a brace. */
function solutionOf(input: string, output: string): Task["solution"] {
  const forms = [`\\boxed{${output}}`, `The answer is ${output}`];
  const boxed = forms.find((form) => officialReasoningAnswer(form) === output);
  const asserted = assertionOf(input, output);
  if (boxed === undefined || upstreamReasoningAnswer(asserted) !== output) return undefined;
  return (style) => (style === "official" ? boxed : asserted);
}

/** What the published grader puts in front of every program; those that are not installed are passed over. */
const BASE_IMPORTS = `from itertools import accumulate, chain, combinations, count, permutations, product, groupby, islice, repeat
from copy import deepcopy
from string import ascii_lowercase
from math import floor, log2, log10, sqrt, comb, gcd, ceil, inf, isqrt
from collections import defaultdict, deque, Counter
from bisect import bisect, bisect_left, bisect_right, insort
from heapq import heappush, heappop, heapify, merge
from functools import reduce, cache, lru_cache
from random import randrange, shuffle
from operator import itemgetter, sub
from re import search as re_search
from os.path import commonprefix
from typing import List, Tuple, Dict, Set, Optional, Union, Any, Callable, Iterable, Iterator, Generator
import copy
import string
import math
import collections
import bisect
import heapq
import functools
import random
import itertools
import operator
import re
import numpy as np
import pandas as pd
from math import log, prod
from collections import deque, defaultdict, Counter, OrderedDict
from itertools import accumulate, permutations, combinations, product, groupby, islice, chain, repeat, zip_longest, cycle
from functools import lru_cache, reduce, partial
from operator import iand
import sys`;
