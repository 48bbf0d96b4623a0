// A recorded run and where the reader is in it: program, variables and output at one moment.

import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { RolloutDetail, TraceDetail } from "../../src/dashboard/api/rollouts.js";
import { Code } from "../parts/code.js";
import { VisibleText } from "../parts/visible-text.js";
import { AskedTable, askedByVariable, askedMarks } from "./asked.js";
import { type CourseState, changesOf, nextOf, stateAt, visitsOf } from "./course.js";
import { FinalValues } from "./final-values.js";
import { Output } from "./output.js";
import { Player } from "./player.js";
import { Summary } from "./summary.js";
import { Variables } from "./variables.js";

/** The address follows once the reader rests: browsers refuse to change it many times a second. */
const REST_MS = 400;
/** What is said behind the current line. */
const NOTE_CHARACTERS = 80;

interface StepperProps {
  readonly trace: TraceDetail;
  readonly rollout: RolloutDetail | null;
  readonly start: number | null;
  readonly onRest: (at: number) => void;
}

export function Stepper({ trace, rollout, start, onRest }: StepperProps): JSX.Element {
  const moments = trace.moments ?? [];
  const last = Math.max(0, moments.length - 1);
  const [at, setAt] = useState(Math.min(start ?? 0, last));
  useEffect(() => {
    if (at === (start ?? 0)) return undefined;
    const timer = setTimeout(() => onRest(at), REST_MS);
    return () => clearTimeout(timer);
  }, [at]);

  const recorded = useMemo(() => ({ moments, names: trace.names }), [trace]);
  const state = useMemo(() => stateAt(recorded, at), [recorded, at]);
  const visits = useMemo(() => visitsOf(moments), [trace]);
  const executed = useMemo(() => (moments.length > 0 ? new Set(visits.keys()) : null), [visits]);
  const asked = useMemo(() => askedByVariable(rollout), [rollout]);
  const marks = useMemo(() => askedMarks(trace.program, trace.language, asked), [trace, asked]);

  const toLine = (line: number): void => {
    const places = visits.get(line) ?? [];
    setAt(nextOf(places, at, 1) ?? places[0] ?? at);
  };
  const seek = (key: string, direction: 1 | -1): void => setAt(nextOf(changesOf(recorded, key), at, direction) ?? at);
  const moment = moments[at];
  return (
    <>
      <Summary trace={trace} />
      {moment && <Player moments={moments} at={at} onMove={setAt} />}
      <div class="trace-columns">
        <section class="panel trace-program">
          <Code
            text={trace.program}
            language={trace.language}
            marks={marks}
            current={moment?.line ?? null}
            executed={executed}
            notes={new Map(moment && state.changed.length > 0 ? [[moment.line, noteOf(state)]] : [])}
            onLine={toLine}
            all
            label="program, the current line marked"
          />
        </section>
        <div class="stack">
          {rollout?.alignment && (
            <section class="panel">
              <AskedTable
                values={rollout.alignment.values}
                onSeek={(key) => setAt(changesOf(recorded, key).at(-1) ?? at)}
                onLine={toLine}
              />
            </section>
          )}
          <section class="panel" aria-label="Variables" aria-live="off">
            {moment ? (
              <Variables state={state} asked={asked} onSeek={seek} />
            ) : (
              <FinalValues variables={trace.variables} />
            )}
          </section>
          <Output
            trace={trace}
            printed={moment ? moment.printed : null}
            isLast={at === last}
            next={moments[at + 1]?.printed}
          />
        </div>
      </div>
    </>
  );
}

function noteOf({ changed }: CourseState): JSX.Element {
  const all = changed
    .map(({ name, text, before }) => {
      const what = name.endsWith("()") ? "gives back" : `${name} =`;
      return `${what} ${before === null ? "" : `${before} → `}${text ?? "nothing"}`;
    })
    .join(", ");
  const short = all.length > NOTE_CHARACTERS ? `${all.slice(0, NOTE_CHARACTERS)} …` : all;
  return <VisibleText text={short} />;
}
