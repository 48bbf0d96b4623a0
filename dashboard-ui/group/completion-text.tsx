// A completion as text, the program that was read from it highlighted where it stands.

import type { JSX } from "preact";
import type { RolloutDetail } from "../../src/dashboard/api/rollouts.js";
import { Code } from "../parts/code.js";
import { FoldedText } from "../parts/folded-text.js";
import { placeOf } from "./program-place.js";

export function CompletionText({ rollout }: { readonly rollout: RolloutDetail }): JSX.Element {
  const { task, completion, program, language } = rollout;
  const whole = <FoldedText text={completion} label="Completion" />;
  // What an alignment rollout holds as its program is what it was asked about.
  const place = placeOf(task === "code" ? program : null, completion);
  switch (place.kind) {
    case "none":
      return whole;
    case "inside":
      return (
        <>
          {place.before.trim() !== "" && <FoldedText text={place.before} label="Before the program" lines={12} />}
          <Code text={program ?? ""} language={language} label="Program" />
          {place.after.trim() !== "" && <FoldedText text={place.after} label="After the program" lines={12} />}
        </>
      );
    case "continued":
      return (
        <>
          <Code
            text={program ?? ""}
            language={language}
            label="Program"
            notes={
              new Map([[1, place.headLines === 1 ? "from the prompt" : `${place.headLines} lines from the prompt`]])
            }
          />
          {!(program ?? "").endsWith(completion.trimEnd()) && <Raw>{whole}</Raw>}
        </>
      );
    case "apart":
      return (
        <>
          <Code text={program ?? ""} language={language} label="Program" />
          <Raw>{whole}</Raw>
        </>
      );
    default:
      return place satisfies never;
  }
}

function Raw({ children }: { readonly children: JSX.Element }): JSX.Element {
  return (
    <details>
      <summary>The completion as it was written</summary>
      {children}
    </details>
  );
}
