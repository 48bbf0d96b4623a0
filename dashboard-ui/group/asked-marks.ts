// Where a question's variables stand in the program it asks about, each with what became of it.

import type { AskedValue } from "../../src/dashboard/api/rollouts.js";
import { lineOf, variableOf, variablePlaces } from "../parts/asked-places.js";
import type { Mark } from "../parts/code.js";
import type { Language } from "../parts/highlight.js";
import { judgementText } from "./value-difference.js";

export function marksOf(program: string, language: Language, values: readonly AskedValue[]): readonly Mark[] {
  const places = variablePlaces(program, language);
  return values.flatMap((value) =>
    (places.get(variableOf(value.name)) ?? []).map((place) => ({ ...place, ...lookOf(value) })),
  );
}

type LineMark = Pick<Mark, "look" | "label">;

/** Of questions about what a line computes; where several ask about one, a wrong answer is what is told. */
export function lineMarksOf(values: readonly AskedValue[]): ReadonlyMap<number, LineMark> {
  return new Map(
    values
      .toSorted((a, b) => Number(b.right) - Number(a.right))
      .flatMap((value) => {
        const line = lineOf(value.name);
        return line === null ? [] : [[line, lookOf(value)] as const];
      }),
  );
}

function lookOf(value: AskedValue): LineMark {
  const predicted = value.predicted === null ? "" : `, predicted ${shortened(value.predicted)}`;
  return {
    look: value.right ? "right" : "wrong",
    label: `${value.name} is ${shortened(value.truth)}${predicted}: ${judgementText(value)}`,
  };
}

function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}
