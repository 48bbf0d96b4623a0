// What an alignment rollout was asked, and every value it predicted against the true one.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { AskedValue, RolloutDetail } from "../../src/dashboard/api/rollouts.js";
import { Code } from "../parts/code.js";
import { FoldedText } from "../parts/folded-text.js";
import { spaced } from "../parts/format.js";
import { VisibleText } from "../parts/visible-text.js";
import { lineMarksOf, marksOf } from "./asked-marks.js";
import { DifferingValue } from "./differing-value.js";
import { judgementOf, judgementText } from "./value-difference.js";

interface AlignmentProps {
  readonly rollout: RolloutDetail;
  readonly alignment: NonNullable<RolloutDetail["alignment"]>;
}

/** The program with the asked variables marked, and what it was run on. */
export function AskedProgram({ rollout, alignment }: AlignmentProps): JSX.Element {
  const { program, language } = rollout;
  const { values, input, inputKind } = alignment;
  const marks = useMemo(() => marksOf(program ?? "", language, values), [program, language, values]);
  const lineMarks = useMemo(() => lineMarksOf(values), [values]);
  return (
    <section class="stack">
      <h3>The program it is about</h3>
      <Code text={program ?? ""} language={language} marks={marks} lineMarks={lineMarks} label="Program" />
      <h4>{inputKind === "call" ? "Called as" : "Standard input"}</h4>
      <FoldedText text={input} label="Input" lines={12} />
    </section>
  );
}

export function AskedValues({
  alignment: { values, answered, target },
}: Pick<AlignmentProps, "alignment">): JSX.Element {
  return (
    <section class="stack">
      <h3>
        Values asked for <span class="faint">{spaced(target)}</span>
      </h3>
      {!answered && (
        <p class="warn">
          ! The completion does not end in an answer that can be read: nothing in it counts as predicted.
        </p>
      )}
      <div class="scroll-x">
        <table class="asked">
          <thead>
            <tr>
              <th scope="col">value</th>
              <th scope="col">type</th>
              <th scope="col">true</th>
              <th scope="col">predicted</th>
              <th scope="col">judged</th>
            </tr>
          </thead>
          <tbody>
            {values.map((value) => (
              <AskedRow key={value.name} value={value} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function AskedRow({ value }: { readonly value: AskedValue }): JSX.Element {
  const { name, type, truth, predicted, predictedType, right } = value;
  const judgement = judgementOf(value);
  return (
    <tr>
      <th scope="row" class="mono">
        <VisibleText text={name} />
      </th>
      <td class="faint mono">{type}</td>
      <td class="mono">
        <DifferingValue label="True value" text={truth} other={right ? null : predicted} isTrue />
      </td>
      <td class="mono">
        {predicted === null ? (
          <span class="faint">none</span>
        ) : (
          <DifferingValue label="Predicted value" text={predicted} other={right ? null : truth} />
        )}
        {judgement === "type" && <span class="faint"> {predictedType}</span>}
      </td>
      <td class={`nowrap ${right ? "good" : judgement === "unanswered" ? "warn" : "bad"}`}>
        {right ? "✓" : judgement === "unanswered" ? "–" : "✗"} {judgementText(value)}
      </td>
    </tr>
  );
}
