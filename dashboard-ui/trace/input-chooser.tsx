// What the program is traced on: the rollout's own input, a test of its problem, or what the reader writes.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ProblemDetail, TraceInput } from "../../src/dashboard/api/rollouts.js";

interface InputChooserProps {
  readonly input: TraceInput;
  readonly problem: ProblemDetail | null;
  readonly onInput: (input: TraceInput) => void;
}

const SHOWN_CHARACTERS = 60;

export function InputChooser({ input, problem, onInput }: InputChooserProps): JSX.Element {
  const [draft, setDraft] = useState(input);
  const chosen = draft.kind === "test" ? `test ${draft.test}` : draft.kind;
  const choose = (name: string): void => {
    const next = inputNamed(name, draft);
    setDraft(next);
    if (next.kind === "own" || next.kind === "test") onInput(next);
  };
  return (
    <form
      class="trace-input"
      onSubmit={(event) => {
        event.preventDefault();
        onInput(draft);
      }}
    >
      <label class="row">
        <span class="faint">Input</span>
        <select value={chosen} onChange={({ currentTarget }) => choose(currentTarget.value)}>
          <option value="own">the rollout's own</option>
          <optgroup label="Tests of the problem">
            {(problem?.tests ?? []).map((test, i) => (
              <option key={i} value={`test ${i}`} disabled={test.kind !== "call" && test.kind !== "stdio"}>
                {i + 1}: {shortened(test.input)}
              </option>
            ))}
          </optgroup>
          <option value="expression">a call that I write …</option>
          <option value="stdin">standard input that I write …</option>
        </select>
      </label>
      {draft.kind === "expression" && (
        <>
          <input
            class="mono"
            value={draft.expression}
            placeholder="f([1, 2, 3])"
            aria-label="Call"
            autocomplete="off"
            spellcheck={false}
            maxLength={10_000}
            onInput={({ currentTarget }) => setDraft({ ...draft, expression: currentTarget.value })}
          />
          <button type="submit" disabled={draft.expression.trim() === ""}>
            Trace
          </button>
        </>
      )}
      {draft.kind === "stdin" && (
        <>
          <textarea
            class="mono"
            rows={3}
            value={draft.stdin}
            aria-label="Standard input"
            spellcheck={false}
            maxLength={100_000}
            onInput={({ currentTarget }) => setDraft({ ...draft, stdin: currentTarget.value })}
          />
          <button type="submit">Trace</button>
        </>
      )}
    </form>
  );
}

function inputNamed(name: string, before: TraceInput): TraceInput {
  const stdin = "stdin" in before ? before.stdin : "";
  if (name === "expression") return { kind: name, expression: "", stdin };
  if (name === "stdin") return { kind: name, stdin };
  return name.startsWith("test ") ? { kind: "test", test: Number(name.slice(5)) } : { kind: "own" };
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)} …` : line;
}
