// The tests of a program as a row of marks, and the chosen one in full: its input, what was expected, what came out.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ProblemDetail, TestDetail } from "../../src/dashboard/api/rollouts.js";
import { FoldedText } from "../parts/folded-text.js";
import { durationText } from "../parts/format.js";
import { TextDiff } from "../parts/text-diff.js";
import { VisibleText } from "../parts/visible-text.js";
import { DifferingValue } from "./differing-value.js";
import { firstTold, testLook } from "./test-looks.js";

interface TestsProps {
  readonly tests: readonly TestDetail[];
  readonly problem: ProblemDetail | null;
}

const SHOWN = 120;

export function Tests({ tests, problem }: TestsProps): JSX.Element {
  const [chosen, setChosen] = useState(() => firstTold(tests));
  const [showAll, setShowAll] = useState(false);
  const test = tests[chosen];
  if (tests.length === 0) return <p class="faint">No test was run.</p>;
  return (
    <section class="stack">
      <h3>Tests</h3>
      <div class="tests" role="group" aria-label="Tests">
        {tests.slice(0, showAll ? tests.length : SHOWN).map((one, index) => (
          <TestMark key={index} test={one} index={index} isChosen={index === chosen} onChoose={setChosen} />
        ))}
        {!showAll && tests.length > SHOWN && (
          <button type="button" onClick={() => setShowAll(true)}>
            all {tests.length.toLocaleString("en")}
          </button>
        )}
      </div>
      {test && <TestInFull index={chosen} test={test} problem={problem} />}
    </section>
  );
}

interface TestMarkProps {
  readonly test: TestDetail;
  readonly index: number;
  readonly isChosen: boolean;
  readonly onChoose: (index: number) => void;
}

function TestMark({ test, index, isChosen, onChoose }: TestMarkProps): JSX.Element {
  const { sign, tone } = testLook(test.kind);
  const time = test.cpuMs === null ? "" : `, ${milliseconds(test.cpuMs)} CPU`;
  return (
    <button
      type="button"
      class="test"
      aria-pressed={isChosen}
      title={`Test ${index + 1}: ${test.kind}${time}`}
      aria-label={`Test ${index + 1}: ${test.kind}${time}`}
      onClick={() => onChoose(index)}
    >
      <span class={tone}>{sign}</span>
      <span class="faint">{test.cpuMs === null ? "" : milliseconds(test.cpuMs)}</span>
    </button>
  );
}

function TestInFull(
  props: Omit<TestsProps, "tests"> & { readonly index: number; readonly test: TestDetail },
): JSX.Element {
  const { index, test, problem } = props;
  const { sign, tone, says } = testLook(test.kind);
  const asked = problem?.tests[index];
  return (
    <div class="stack">
      <p>
        <span class={tone}>{sign}</span> Test {index + 1}: <strong>{test.kind}</strong>{" "}
        <span class="faint">{says}</span>
      </p>
      {asked && (
        <>
          <h4>Input</h4>
          <FoldedText text={asked.input} label="Input" lines={12} />
        </>
      )}
      <Outcome test={test} expected={test.expected ?? asked?.expected} />
      {asked === undefined && problem !== null && (
        <p class="faint">{problem.missing ?? "The run's data has no such test."}</p>
      )}
    </div>
  );
}

function Outcome({
  test,
  expected,
}: {
  readonly test: TestDetail;
  readonly expected: string | undefined;
}): JSX.Element {
  const { got, error, message, isOutput } = test;
  return (
    <>
      {(error !== undefined || message !== undefined) && (
        <pre class="wrapped raised">
          {error !== undefined && (
            <strong>
              <VisibleText text={error} />
              {message ? ": " : ""}
            </strong>
          )}
          <VisibleText text={message ?? ""} />
        </pre>
      )}
      {expected !== undefined && got !== undefined && isOutput && <TextDiff expected={expected} got={got} />}
      {expected !== undefined && got !== undefined && !isOutput && (
        <dl class="values">
          <dt>− expected</dt>
          <dd>
            <DifferingValue label="Expected" text={expected} other={got} isTrue />
          </dd>
          <dt>+ got</dt>
          <dd>
            <DifferingValue label="Got" text={got} other={expected} />
          </dd>
        </dl>
      )}
      {expected !== undefined && got === undefined && (
        <>
          <h4>Expected</h4>
          <FoldedText text={expected} label="Expected" lines={12} />
        </>
      )}
      {expected === undefined && got !== undefined && (
        <>
          <h4>Got</h4>
          <FoldedText text={got} label="Got" lines={12} />
        </>
      )}
    </>
  );
}

function milliseconds(cpuMs: number): string {
  return cpuMs < 10 ? `${cpuMs.toFixed(1)} ms` : durationText(cpuMs / 1000);
}
