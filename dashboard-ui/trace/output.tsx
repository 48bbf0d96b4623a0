// What the program prints: as far as it has come, with what the current line adds marked, or all of it.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { TraceDetail } from "../../src/dashboard/api/rollouts.js";
import { TextDiff } from "../parts/text-diff.js";
import { VisibleText } from "../parts/visible-text.js";

const SHOWN_CHARACTERS = 20_000;

interface OutputProps {
  readonly trace: TraceDetail;
  /** Before the current moment; null where there is none. */
  readonly printed: number | null;
  /** Before the next. */
  readonly next: number | undefined;
  readonly isLast: boolean;
}

export function Output({ trace: { stdout, expected, inputKind }, printed, next, isLast }: OutputProps): JSX.Element {
  const [isWhole, setWhole] = useState(false);
  const showsAll = isWhole || printed === null;
  const end = showsAll || isLast ? stdout.length : (next ?? stdout.length);
  const before = showsAll ? end : Math.min(printed, end);
  const from = Math.max(0, end - SHOWN_CHARACTERS);
  return (
    <section class="panel">
      <div class="panel-head">
        <h3>Output</h3>
        {stdout !== "" && printed !== null && (
          <span class="segmented push">
            <button type="button" aria-pressed={!isWhole} onClick={() => setWhole(false)}>
              so far
            </button>
            <button type="button" aria-pressed={isWhole} onClick={() => setWhole(true)}>
              all
            </button>
          </span>
        )}
      </div>
      {stdout === "" ? (
        <p class="faint trace-nothing">The program prints nothing.</p>
      ) : (
        <pre class="trace-output" tabIndex={0}>
          {from > 0 && (
            <span class="faint">
              {from.toLocaleString("en")} characters before …{"\n"}
            </span>
          )}
          <VisibleText text={stdout.slice(from, Math.max(before, from))} />
          {end > before && (
            <mark title="printed by the current line">
              <VisibleText text={stdout.slice(Math.max(before, from), end)} />
            </mark>
          )}
        </pre>
      )}
      {inputKind === "stdio" && expected !== null && expected !== stdout && (
        <TextDiff expected={expected} got={stdout} names={["expected by the test", "printed in the end"]} />
      )}
    </section>
  );
}
