// What an alignment rollout was asked, and every value it predicted against the true one.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { AskedValue, RolloutDetail } from "../../src/dashboard/api/rollouts.js";
import { Code } from "../parts/code.js";
import { FoldedText } from "../parts/folded-text.js";
import { VisibleText } from "../parts/visible-text.js";
import { lineMarksOf, marksOf } from "./asked-marks.js";
import { type Difference, differenceOf, judgementOf, judgementText } from "./value-difference.js";

interface AlignmentDetailProps {
  readonly rollout: RolloutDetail;
  readonly alignment: NonNullable<RolloutDetail["alignment"]>;
}

export function AlignmentDetail({ rollout, alignment }: AlignmentDetailProps): JSX.Element {
  const { program, language } = rollout;
  const { values, input, inputKind, answered, target } = alignment;
  const marks = useMemo(() => marksOf(program ?? "", language, values), [program, language, values]);
  const lineMarks = useMemo(() => lineMarksOf(values), [values]);
  return (
    <>
      {!answered && (
        <p class="warn">
          ! The completion does not end in an answer that can be read: nothing in it counts as predicted.
        </p>
      )}
      <section class="stack">
        <h3>
          Asked for <span class="faint">{target}</span>
        </h3>
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
      <section class="stack">
        <h3>The program it is about</h3>
        <Code text={program ?? ""} language={language} marks={marks} lineMarks={lineMarks} label="Program" />
        <h4>{inputKind === "call" ? "Called as" : "Standard input"}</h4>
        <FoldedText text={input} label="Input" lines={12} />
      </section>
    </>
  );
}

/** Longer values stand below each other, cut, with a way to all of them. */
const SHORT = 400;

function AskedRow({ value }: { readonly value: AskedValue }): JSX.Element {
  const { name, type, truth, predicted, predictedType, right } = value;
  const judgement = judgementOf(value);
  const isShort = truth.length + (predicted?.length ?? 0) <= SHORT;
  const [left, other] = differenceOf(isShort ? truth : "", isShort ? (predicted ?? "") : "");
  const isCompared = isShort && !right && predicted !== null;
  return (
    <tr>
      <th scope="row" class="mono">
        <VisibleText text={name} />
      </th>
      <td class="faint mono">{type}</td>
      <td class="mono">{isCompared ? <Differing part={left} /> : <FoldedText text={truth} label="True value" lines={6} />}</td>
      <td class="mono">
        {predicted === null ? (
          <span class="faint">none</span>
        ) : isCompared ? (
          <Differing part={other} />
        ) : (
          <FoldedText text={predicted} label="Predicted value" lines={6} />
        )}
        {judgement === "type" && <span class="faint"> {predictedType}</span>}
      </td>
      <td class={`nowrap ${right ? "good" : judgement === "unanswered" ? "warn" : "bad"}`}>
        {right ? "✓" : judgement === "unanswered" ? "–" : "✗"} {judgementText(value)}
      </td>
    </tr>
  );
}

function Differing({ part: { before, changed, after } }: { readonly part: Difference }): JSX.Element {
  return (
    <span class="wrapped">
      <VisibleText text={before} />
      {changed !== "" && (
        <mark class="differs">
          <VisibleText text={changed} />
        </mark>
      )}
      <VisibleText text={after} />
    </span>
  );
}
