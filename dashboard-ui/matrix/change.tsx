// What changed between two columns: how many problems were fixed and broken, which, and how far the two agree.

import type { JSX } from "preact";
import { agreementOf, type Column, type Outcome, outcomes } from "./outcomes.js";

export interface ChangeProps {
  readonly columns: readonly Column[];
  readonly pair: readonly [Column, Column];
  readonly became: ReadonlyArray<Outcome | null>;
  readonly problems: readonly string[];
  readonly outcome: Outcome | null;
  /** Of the address: `a`, `b`, `show`. */
  readonly go: (changes: Readonly<Record<string, string | null>>) => void;
  readonly onOpen: (problem: string, column: Column) => void;
}

export function Change(props: ChangeProps): JSX.Element {
  const { columns, pair, became, outcome, go } = props;
  const { counts, problems, agreement, kappa, signTest } = agreementOf(became);
  const [before, after] = pair;
  return (
    <section class="panel" aria-label="What changed">
      <div class="panel-head">
        <h2>What changed</h2>
        <ColumnSelect label="from" columns={columns} value={before.id} onChoose={(a) => go({ a, b: after.id })} />
        <ColumnSelect label="to" columns={columns} value={after.id} onChoose={(b) => go({ a: before.id, b })} />
        <button
          type="button"
          onClick={() => go({ a: after.id, b: before.id })}
          title="From and to, the other way round"
        >
          ⇄
        </button>
        <span class="segmented" role="group" aria-label="Which problems the grid shows">
          <button type="button" aria-pressed={outcome === null} onClick={() => go({ show: null })}>
            all {problems}
          </button>
          {outcomes.map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={outcome === name}
              title={MEANINGS[name]}
              onClick={() => go({ show: outcome === name ? null : name })}
            >
              {SIGNS[name]} {name} {counts[name]}
            </button>
          ))}
        </span>
      </div>
      <div class="row padded lists">
        <dl class="facts">
          <Fact
            term="agree"
            says="Share of problems on which both are right or both are not"
            value={problems === 0 ? "–" : `${(agreement * 100).toFixed(1)} %`}
          />
          <Fact
            term="Cohen's κ"
            says="Agreement beyond what chance alone would give at these shares of right ones: 1 is all, 0 is chance"
            value={kappa === null ? "–" : kappa.toFixed(2)}
          />
          <Fact
            term="sign test p"
            says="How often a fair coin would split the changed problems into fixed and broken as unevenly as here, or more"
            value={signTest < 0.0001 ? "< 0.0001" : signTest.toFixed(4)}
          />
          <Fact
            term="net"
            says="Problems fixed minus problems broken"
            value={`${counts.fixed >= counts.broken ? "+" : "−"}${Math.abs(counts.fixed - counts.broken)}`}
          />
        </dl>
        <Names {...props} name="fixed" look="good" />
        <Names {...props} name="broken" look="bad" />
      </div>
    </section>
  );
}

const MEANINGS: Readonly<Record<Outcome, string>> = {
  fixed: "Not right before, right after",
  broken: "Right before, not right after",
  "both right": "Right in both",
  "both wrong": "Right in neither",
};

const SIGNS: Readonly<Record<Outcome, string>> = { fixed: "▲", broken: "▼", "both right": "✓", "both wrong": "×" };

interface FactProps {
  readonly term: string;
  readonly says: string;
  readonly value: string;
}

function Fact({ term, says, value }: FactProps): JSX.Element {
  return (
    <div title={says}>
      <dt>{term}</dt>
      <dd>{value}</dd>
    </div>
  );
}

interface ColumnSelectProps {
  readonly label: string;
  readonly columns: readonly Column[];
  readonly value: string;
  readonly onChoose: (id: string) => void;
}

function ColumnSelect({ label, columns, value, onChoose }: ColumnSelectProps): JSX.Element {
  return (
    <label class="row">
      <span class="faint">{label}</span>
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {columns.map((column) => (
          <option key={column.id} value={column.id}>
            {column.label}
          </option>
        ))}
      </select>
    </label>
  );
}

interface NamesProps extends ChangeProps {
  readonly name: "fixed" | "broken";
  readonly look: "good" | "bad";
}

/** More than that is the grid's. */
const MOST_NAMES = 200;

function Names({ name, look, became, problems, pair, onOpen, go }: NamesProps): JSX.Element {
  const found = problems.filter((_, i) => became[i] === name);
  return (
    <details class="names">
      <summary>
        <span class={look}>{SIGNS[name]}</span> {found.length} {name}
      </summary>
      <ul>
        {found.slice(0, MOST_NAMES).map((problem) => (
          <li key={problem}>
            <button type="button" class="plain mono" onClick={() => onOpen(problem, pair[1])}>
              {problem}
            </button>
          </li>
        ))}
      </ul>
      {found.length > MOST_NAMES && (
        <button type="button" onClick={() => go({ show: name })}>
          All {found.length} in the grid
        </button>
      )}
    </details>
  );
}
