// A program of the run, stepped through: its lines in the order of time, its variables as they change, what it prints. Traced
// again in the server's sandbox, on an input that the reader chooses.

import type { JSX } from "preact";
import { useContext } from "preact/hooks";
import type { RolloutDetail, TraceRequest } from "../../src/dashboard/api/rollouts.js";
import { Answered, Empty } from "../parts/state.js";
import { goTo, linkTo } from "../route.js";
import { readMoment, readRequest, writeRequest } from "../trace/address.js";
import { InputChooser } from "../trace/input-chooser.js";
import { Stepper } from "../trace/stepper.js";
import { useTrace } from "../trace/use-trace.js";
import { SourceContext, useAnswer } from "../use-answer.js";

export function TraceView({ parameters }: { readonly parameters: URLSearchParams }): JSX.Element {
  const request = readRequest(parameters);
  const { live } = useContext(SourceContext);
  if (request === null) {
    return (
      <div class="page">
        <Empty title="No rollout is chosen">
          <p>
            Choose one in the list of <a href={linkTo("rollouts", { run: parameters.get("run") })}>rollouts</a>, then
            press “Trace”.
          </p>
        </Empty>
      </div>
    );
  }
  if (!live) {
    return (
      <div class="page">
        <Empty title="A report cannot run programs">
          <p>
            Open the run with <code>coderlplus dashboard</code>, which traces them in its sandbox.
          </p>
        </Empty>
      </div>
    );
  }
  return <RolloutTrace request={request} moment={readMoment(parameters)} />;
}

interface RolloutTraceProps {
  readonly request: TraceRequest;
  readonly moment: number | null;
}

function RolloutTrace({ request, moment }: RolloutTraceProps): JSX.Element {
  const { run, step, group, sample, input } = request;
  const rollout =
    useAnswer("group", { run, step, group }).answer?.rollouts.find((one) => one.sample === sample) ?? null;
  const problem = useAnswer("problem", rollout === null ? null : { run, problem: rollout.problem }).answer;
  const traced = useTrace(request);
  return (
    <div class="page trace">
      <header class="row">
        <h1>Trace</h1>
        <Place request={request} rollout={rollout} />
        <InputChooser
          key={JSON.stringify(input)}
          input={input}
          problem={problem}
          onInput={(next) => goTo("trace", writeRequest({ ...request, input: next }, null))}
        />
      </header>
      <Answered asked={traced} what="the trace">
        {(trace) => (
          <Stepper
            key={JSON.stringify(request)}
            trace={trace}
            // What was asked is about the rollout's own input.
            rollout={input.kind === "own" ? rollout : null}
            start={moment}
            onRest={(at) => goTo("trace", writeRequest(request, at), "replace")}
          />
        )}
      </Answered>
    </div>
  );
}

function Place({
  request: { run, step, group, sample },
  rollout,
}: {
  readonly request: TraceRequest;
  readonly rollout: RolloutDetail | null;
}): JSX.Element {
  return (
    <>
      <a class="button-link" href={linkTo("group", { run, step, group, sample })} title="All rollouts of this prompt">
        ← step {step}, group {group}, sample {sample}
      </a>
      {rollout && (
        <>
          <span class="chip">{rollout.task}</span>
          <a href={linkTo("problem", { run, problem: rollout.problem })}>{rollout.problem}</a>
        </>
      )}
    </>
  );
}
