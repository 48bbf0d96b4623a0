// Rollouts whose prompt or completion holds a text: each with the place where it stands.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Question } from "../../src/dashboard/api/endpoints.js";
import { useKeys } from "../keyboard.js";
import { Empty, Failure } from "../parts/state.js";
import { VisibleText } from "../parts/visible-text.js";
import { partsBy } from "./matches.js";
import { linkToRollout, rewardText, VerdictMark } from "./row-words.js";
import { type Hit, type Search, useSearch } from "./use-search.js";

export function SearchResults({ question }: { readonly question: Question<"search"> }): JSX.Element {
  const search = useSearch(question);
  const { hits, state, error } = search;
  const [cursor, setCursor] = useState(0);
  const list = useRef<HTMLOListElement>(null);
  const choose = (index: number): void => setCursor(Math.max(0, Math.min(hits.length - 1, index)));
  useEffect(() => {
    list.current?.children[cursor]?.scrollIntoView({ block: "nearest" });
  }, [cursor]);
  const down = (): void => choose(cursor + 1);
  const up = (): void => choose(cursor - 1);
  useKeys("Rollouts", [
    { keys: "j", says: "next", run: down },
    { keys: "k", says: "previous", run: up },
    {
      keys: "Enter",
      says: "open",
      run: () => {
        const hit = hits[cursor];
        if (hit) location.hash = linkToRollout(question.run, hit);
      },
    },
  ]);
  return (
    <div class="stack">
      <SearchProgress search={search} />
      {error !== null && <Failure title="The search has stopped" message={error} />}
      <ol class="hits" ref={list}>
        {hits.map((hit, index) => (
          <HitItem
            key={`${hit.step} ${hit.group} ${hit.sample}`}
            hit={hit}
            run={question.run}
            wanted={question.text}
            isChosen={index === cursor}
          />
        ))}
      </ol>
      {state === "ended" && hits.length === 0 && (
        <Empty title={`No rollout that the filters keep holds “${question.text}”`}>
          <p>Only prompts and completions are searched. Try a shorter text, or take filters off.</p>
        </Empty>
      )}
    </div>
  );
}

function SearchProgress({ search }: { readonly search: Search }): JSX.Element {
  const { hits, state, searched, of, goOn, pause } = search;
  return (
    <div class="row search-progress" role="status">
      <span>
        <strong>{hits.length.toLocaleString("en")}</strong> found in {searched.toLocaleString("en")} of{" "}
        {of.toLocaleString("en")} steps
      </span>
      <span class="bar">
        <span style={{ width: `${of === 0 ? 0 : (searched / of) * 100}%` }} />
      </span>
      {state === "searching" && (
        <button type="button" onClick={pause}>
          Cancel
        </button>
      )}
      {state === "paused" && (
        <button type="button" class="primary" onClick={goOn}>
          Search on
        </button>
      )}
      {state === "ended" && <span class="faint">searched all</span>}
    </div>
  );
}

interface HitProps {
  readonly hit: Hit;
  readonly run: string;
  readonly wanted: string;
  readonly isChosen: boolean;
}

function HitItem({ hit, run, wanted, isChosen }: HitProps): JSX.Element {
  return (
    <li aria-current={isChosen ? "true" : undefined}>
      <a href={linkToRollout(run, hit)}>
        step {hit.step} · group {hit.group} · sample {hit.sample}
      </a>
      <span class="faint">{hit.task}</span>
      <span class="mono faint">
        <VisibleText text={hit.problem} />
      </span>
      <VerdictMark rollout={hit} />
      <span class="faint">reward {rewardText(hit.reward)}</span>
      <pre>
        {partsBy(hit.excerpt, wanted).map(({ text, isMatch }) =>
          isMatch ? (
            <mark>
              <VisibleText text={text} />
            </mark>
          ) : (
            <VisibleText text={text} />
          ),
        )}
      </pre>
    </li>
  );
}
