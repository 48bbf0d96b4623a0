// One rollout in full, from its line: what the index does not hold. Plain fields by JSON.parse and a lenient schema,
// values of programs by the lossless codec. A line that does not hold together is one message.

import { z } from "zod";
import type { Answer } from "../../alignment/answer.js";
import type { Truth } from "../../alignment/example.js";
import { DataError, messageOf } from "../../core/errors.js";
import { entriesOf, type Json, parseJson } from "../../core/json.js";
import { explain } from "../../core/schema.js";
import type { TestOutcome } from "../../judge/verdict.js";
import type { Language } from "../../problems/notation.js";
import type { Problem, ProgramInput } from "../../problems/problem.js";
import { isObject } from "../../problems/tags.js";
import type { RolloutDetail, RolloutRow, TokenColumns } from "../api/rollouts.js";
import type { RunFacts } from "./facts.js";
import { askedValues, inputText, testDetail } from "./values.js";

const variables = z.record(z.string(), z.unknown());

const spent = { cpuMs: z.number().nullable().default(null) };

const outcome = z.discriminatedUnion("kind", [
  z.object({ kind: z.enum(["passed", "passed-within-tolerance", "not-run"]), ...spent }),
  z.object({ kind: z.literal("wrong-answer"), expected: z.unknown(), got: z.unknown(), ...spent }),
  z.object({ kind: z.literal("raised"), error: z.string(), message: z.string(), ...spent }),
  z.object({ kind: z.literal("exited"), exitCode: z.number(), ...spent }),
  z.object({
    ...spent,
    kind: z.enum(["timed-out", "out-of-memory", "output-limit", "denied", "crashed"]),
    message: z.string().optional(),
  }),
]);

const input = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("stdio"), stdin: z.string() }),
  z.object({
    kind: z.literal("call"),
    function: z.string(),
    arguments: z.array(z.unknown()),
    keywords: variables.optional(),
  }),
]);

/** What the page shows of a record; anything beside it is left alone. */
const shown = z.object({
  prompt: z.string(),
  completion: z.string(),
  program: z.string().optional(),
  verdict: z.looseObject({ message: z.string().optional() }).optional(),
  tests: z.array(outcome).optional(),
  alignment: z
    .object({
      program: z.string(),
      input,
      target: z.string().default("finalValues"),
      truth: z.object({ variables }),
      predicted: z.object({ variables }).nullable(),
    })
    .optional(),
  rewardParts: z.record(z.string(), z.number()),
});

type Plain = z.output<typeof shown>;

/** The values of a record as the codec reads them: numbers keep their types. */
interface Lossless {
  readonly tests: readonly TestOutcome[];
  readonly alignment: { readonly input: ProgramInput; readonly truth: Truth; readonly predicted: Answer | null };
}

export interface Beside {
  readonly facts: RunFacts;
  /** Undefined where the run's data is not at hand. */
  readonly problem: Problem | undefined;
  readonly tokens: TokenColumns | null;
}

/** @throws DataError saying what is wrong with the line */
export function detailOf(line: string, row: RolloutRow, { facts, problem, tokens }: Beside): RolloutDetail {
  const { plain, lossless } = readRecord(line);
  const { prompt, completion, alignment, rewardParts } = plain;
  const language = problem?.language ?? languageOf(prompt, completion);
  const tests = lossless.tests.map((result, i) => ({
    ...testDetail(result, problem?.tests[i], language),
    cpuMs: plain.tests?.[i]?.cpuMs ?? null,
  }));
  return {
    ...row,
    language,
    prompt,
    completion,
    program: plain.program ?? alignment?.program ?? null,
    rewardParts,
    message: plain.verdict?.message ?? null,
    tests,
    alignment: alignmentDetail(plain, lossless.alignment, facts, language),
    tokenDetail: tokens,
  };
}

function alignmentDetail(
  { alignment, rewardParts }: Plain,
  values: Lossless["alignment"],
  facts: RunFacts,
  language: Language,
): RolloutDetail["alignment"] {
  if (!alignment) return null;
  const { target } = alignment;
  const inputRight = target === "input" ? rewardParts["inputRight"] === 1 : undefined;
  return {
    input: inputText(values.input, language),
    inputKind: values.input.kind,
    target,
    values: askedValues({ ...values, inputRight }, facts, language),
    answered: values.predicted !== null,
  };
}

function readRecord(line: string): { readonly plain: Plain; readonly lossless: Lossless } {
  let value: unknown;
  let lossless: Json;
  try {
    value = JSON.parse(line);
    lossless = parseJson(line);
  } catch (error) {
    throw new DataError(`not JSON: ${messageOf(error)}`, { cause: error });
  }
  const checked = shown.safeParse(value);
  if (!checked.success) throw new DataError(explain(checked.error, value, shown));
  return { plain: checked.data, lossless: valuesIn(lossless) };
}

/** Of a record that has been checked. Its own fields are found by name: their order, which the codec keeps, says nothing. */
function valuesIn(record: Json): Lossless {
  const { tests, alignment } = fieldsOf(record);
  const { input, truth, predicted } = fieldsOf(alignment);
  return {
    tests: (Array.isArray(tests) ? tests : []).map(fieldsOf),
    alignment: {
      input: fieldsOf(input),
      truth: fieldsOf(truth),
      predicted: isObject(predicted) ? fieldsOf(predicted) : null,
    },
  } as unknown as Lossless;
}

function fieldsOf(value: Json | undefined): Readonly<Record<string, Json>> {
  return isObject(value) ? Object.fromEntries(entriesOf(value)) : {};
}

/** By the fence: a prompt of the family, which has none, is Python's. */
export function languageOf(prompt: string, completion: string): Language {
  return /(?:```|~~~)[ \t]*(?:javascript|js|node)\b/i.test(`${prompt}\n${completion}`) ? "javascript" : "python";
}
