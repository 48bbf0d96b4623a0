// What a run wrote for one problem of an evaluation, beside the grid. All of it is a model's text.

import type { JSX } from "preact";
import type { EvaluatedProblem } from "../../src/dashboard/api/runs.js";
import { Code } from "../parts/code.js";
import { spaced } from "../parts/format.js";
import { Answered } from "../parts/state.js";
import { useAnswer } from "../use-answer.js";
import { scoreText } from "./grid.js";
import type { Column } from "./outcomes.js";

export interface WrittenProps {
  readonly problem: string;
  readonly index: number;
  readonly column: Column;
  readonly columns: readonly Column[];
  readonly benchmark: string;
  readonly measure: string;
  readonly meanings: Readonly<Record<string, string>>;
  readonly onColumn: (column: Column) => void;
  readonly onClose: () => void;
}

export function Written(props: WrittenProps): JSX.Element {
  const { problem, index, column, columns, benchmark, measure, meanings, onColumn, onClose } = props;
  const asked = useAnswer("evaluatedProblem", { run: column.run, benchmark, step: column.step, problem });
  return (
    <aside class="panel written" aria-label={`What was written for ${problem}`}>
      <div class="panel-head">
        <h2 class="mono">{problem}</h2>
        <button type="button" class="push" onClick={onClose} title="Close (Escape)" aria-label="Close">
          ×
        </button>
      </div>
      <div class="padded stack">
        <div class="row" role="group" aria-label={`${measure} of this problem in every column`}>
          {columns.map((other) => (
            <button
              key={other.id}
              type="button"
              class="chip"
              aria-pressed={other === column}
              title={`${other.label}: ${scoreText(other.scores[index] ?? null)}`}
              onClick={() => onColumn(other)}
            >
              {other.label} <b>{scoreText(other.scores[index] ?? null)}</b>
            </button>
          ))}
        </div>
        <Answered asked={asked} what="what was written">
          {(answer) => <Texts answer={answer} meanings={meanings} />}
        </Answered>
      </div>
    </aside>
  );
}

interface TextsProps {
  readonly answer: EvaluatedProblem;
  readonly meanings: Readonly<Record<string, string>>;
}

function Texts({ answer, meanings }: TextsProps): JSX.Element {
  return (
    <>
      <dl class="facts">
        {Object.entries(answer.scores).map(([name, score]) => (
          <div key={name} title={meanings[name] ?? name}>
            <dt>{name}</dt>
            <dd>{scoreText(score)}</dd>
          </div>
        ))}
      </dl>
      {answer.completions.map(({ question, prompt, completion, note }, i) => (
        <section key={`${answer.step} ${i}`} class="stack">
          <h3>
            {spaced(question)} <span class="faint">{note}</span>
          </h3>
          {prompt !== null && (
            <details>
              <summary class="faint">Prompt</summary>
              <Code text={prompt} language={null} lines={false} label="prompt" />
            </details>
          )}
          {completion === "" ? (
            <p class="faint">The completion is empty.</p>
          ) : (
            <Code text={completion} language={languageOf(question, completion)} label={`completion: ${question}`} />
          )}
        </section>
      ))}
      {answer.completions.length === 0 && <p class="faint">No text was kept for this problem.</p>}
    </>
  );
}

/** For the highlighting alone: an evaluation does not say. */
function languageOf(question: string, completion: string): "python" | "javascript" | null {
  if (!/^(code|candidate|program)/.test(question) || completion.includes("```")) return null;
  return /[;{]\s*$/m.test(completion) ? "javascript" : "python";
}
