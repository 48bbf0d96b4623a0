// What a reader chooses rollouts by. All of it stands in the address; the chips below say what is on, and take it off.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useKeys } from "../keyboard.js";
import { TypedField } from "../parts/typed-field.js";
import { changed, chipsOf, type RolloutFilter, tasks, verdicts, without } from "./filter.js";

const reasons = [
  "wrong-answer",
  "raised",
  "exited",
  "timed-out",
  "out-of-memory",
  "output-limit",
  "denied",
  "crashed",
] as const;

interface FilterBarProps {
  readonly filter: RolloutFilter;
  readonly onFilter: (filter: RolloutFilter) => void;
}

export function FilterBar({ filter, onFilter }: FilterBarProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const chips = chipsOf(filter);
  const set = (change: Parameters<typeof changed>[1]): void => onFilter(changed(filter, change));
  useKeys("Rollouts", [
    {
      keys: "/",
      says: "search in prompts and completions",
      run: () => document.getElementById("rollout-text")?.focus(),
    },
    { keys: "x", says: "clear every filter", run: () => onFilter(cleared(filter)) },
  ]);
  return (
    <div class="filter">
      <div class="row filter-first">
        <TypedField
          id="rollout-text"
          label="Text in the prompt or the completion"
          placeholder="Text in prompts and completions  ( / )"
          title="Reads the run's files: upper and lower case alike, newest first"
          value={filter.text ?? ""}
          onValue={(text) => set({ text: text === "" ? undefined : text })}
        />
        <button type="button" class="phone-only" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Filters{chips.length > 0 ? ` (${chips.length})` : ""}
        </button>
        <div class={`row filter-fields${isOpen ? " filter-open" : ""}`}>
          <Fields filter={filter} set={set} />
        </div>
      </div>
      {chips.length > 0 && (
        <div class="row">
          {chips.map(({ says, fields }) => (
            <button
              key={fields[0]}
              type="button"
              class="chip accent"
              title="Take this filter off"
              onClick={() => onFilter(without(filter, fields))}
            >
              {says} <span aria-hidden="true">×</span>
            </button>
          ))}
          {chips.length > 1 && (
            <button type="button" class="plain faint" onClick={() => onFilter(cleared(filter))}>
              clear all
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function cleared({ run, order }: RolloutFilter): RolloutFilter {
  return order === undefined ? { run } : { run, order };
}

interface FieldsProps {
  readonly filter: RolloutFilter;
  readonly set: (change: Parameters<typeof changed>[1]) => void;
}

function Fields({ filter, set }: FieldsProps): JSX.Element {
  const range = (
    name: string,
    from: "fromStep" | "minimumReward",
    to: "toStep" | "maximumReward",
    step: string,
  ): JSX.Element => (
    <span class="row range">
      <span class="faint">{name}</span>
      <NumberField
        label={`${name} from`}
        placeholder="from"
        value={filter[from]}
        step={step}
        onNumber={(value) => set({ [from]: value })}
      />
      <span aria-hidden="true">–</span>
      <NumberField
        label={`${name} to`}
        placeholder="to"
        value={filter[to]}
        step={step}
        onNumber={(value) => set({ [to]: value })}
      />
    </span>
  );
  return (
    <>
      <span class="segmented" role="group" aria-label="Task">
        {[undefined, ...tasks].map((task) => (
          <button key={task ?? "all"} type="button" aria-pressed={filter.task === task} onClick={() => set({ task })}>
            {task ?? "all"}
          </button>
        ))}
      </span>
      {range("step", "fromStep", "toStep", "1")}
      <Choice
        label="Verdict"
        none="any verdict"
        value={filter.verdict}
        options={verdicts}
        onValue={(verdict) => set({ verdict, ...(verdict === "failed" ? {} : { reason: undefined }) })}
      />
      <Choice
        label="Reason of a failure"
        none="any reason"
        value={filter.reason}
        options={reasons}
        onValue={(reason) => set({ reason, ...(reason === undefined ? {} : { verdict: "failed" }) })}
      />
      <TypedField
        label="Part of the problem's name"
        placeholder="problem"
        value={filter.problem ?? ""}
        onValue={(problem) => set({ problem: problem === "" ? undefined : problem })}
      />
      {range("reward", "minimumReward", "maximumReward", "any")}
    </>
  );
}

interface NumberFieldProps {
  readonly label: string;
  readonly placeholder: string;
  readonly step: string;
  readonly value: number | undefined;
  readonly onNumber: (value: number | undefined) => void;
}

function NumberField({ label, placeholder, step, value, onNumber }: NumberFieldProps): JSX.Element {
  return (
    <TypedField
      kind="number"
      label={label}
      placeholder={placeholder}
      step={step}
      value={value === undefined ? "" : String(value)}
      onValue={(typed) => onNumber(typed.trim() === "" || !Number.isFinite(Number(typed)) ? undefined : Number(typed))}
    />
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly none: string;
  readonly options: readonly T[];
  readonly value: string | undefined;
  readonly onValue: (value: T | undefined) => void;
}

function Choice<T extends string>({ label, none, options, value, onValue }: ChoiceProps<T>): JSX.Element {
  // A reason that a link names may be none of those that are known.
  const foreign = value !== undefined && !options.some((option) => option === value);
  return (
    <select
      aria-label={label}
      value={value ?? ""}
      onChange={({ currentTarget }) => onValue(options.find((option) => option === currentTarget.value))}
    >
      <option value="">{none}</option>
      {foreign && <option value={value}>{value}</option>}
      {options.map((option) => (
        <option key={option} value={option}>
          {option}
        </option>
      ))}
    </select>
  );
}
