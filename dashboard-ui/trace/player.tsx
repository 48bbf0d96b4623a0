// Going through the moments of a recorded run: by buttons, a slider and keys, or by itself.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { TraceMoment } from "../../src/dashboard/api/rollouts.js";
import { useKeys } from "../keyboard.js";
import { outFrom, overFrom } from "./course.js";

/** Between two moments, and the most that a whole run may take. */
const STEP_MS = 400;
const WHOLE_MS = 60_000;

interface PlayerProps {
  readonly moments: readonly TraceMoment[];
  readonly at: number;
  readonly onMove: (at: number) => void;
}

export function Player({ moments, at, onMove }: PlayerProps): JSX.Element {
  const last = moments.length - 1;
  const [isPlaying, setPlaying] = useState(false);
  const move = (to: number): void => onMove(Math.min(Math.max(to, 0), last));
  const byHand = (to: number): void => {
    setPlaying(false);
    move(to);
  };
  const play = (): void => {
    if (!isPlaying && at === last) move(0);
    setPlaying(!isPlaying);
  };
  useEffect(() => {
    if (isPlaying && at === last) setPlaying(false);
    if (!isPlaying || at === last) return undefined;
    const timer = setTimeout(() => move(at + 1), Math.min(STEP_MS, WHOLE_MS / moments.length));
    return () => clearTimeout(timer);
  }, [isPlaying, at, last]);

  const steps = [
    { keys: "Home", says: "to the beginning", sign: "|◀", to: () => 0 },
    { keys: "ArrowLeft", says: "one line back", sign: "←", to: () => at - 1 },
    { keys: "ArrowRight", says: "one line on", sign: "→", to: () => at + 1 },
    { keys: "o", says: "over the calls of this line", sign: "over", to: () => overFrom(moments, at) },
    { keys: "u", says: "out of this call", sign: "out", to: () => outFrom(moments, at) },
    { keys: "End", says: "to the end", sign: "▶|", to: () => last },
  ];
  useKeys("Trace", [
    ...steps.map(({ keys, says, to }) => ({ keys, says, run: () => byHand(to()) })),
    { keys: " ", says: "play, and stop", run: play },
  ]);
  return (
    <div class="trace-player" role="group" aria-label="Steps">
      <div class="row">
        <button type="button" class="primary" onClick={play} aria-pressed={isPlaying} title="Play (space)">
          {isPlaying ? "❚❚ Stop" : "▶ Play"}
        </button>
        <span class="trace-steps">
          {steps.map(({ keys, says, sign, to }) => (
            <button key={keys} type="button" onClick={() => byHand(to())} title={`${says} (${keys})`} aria-label={says}>
              {sign}
            </button>
          ))}
        </span>
      </div>
      <input
        type="range"
        min={0}
        max={last}
        value={at}
        aria-label="Moment"
        aria-valuetext={`${at + 1} of ${moments.length}, line ${moments[at]?.line}`}
        onInput={({ currentTarget }) => byHand(Number(currentTarget.value))}
      />
      <output class="number">
        {(at + 1).toLocaleString("en")} <span class="faint">/ {moments.length.toLocaleString("en")}</span>
      </output>
    </div>
  );
}
