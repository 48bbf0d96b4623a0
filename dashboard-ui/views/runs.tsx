// The list of runs.

import type { JSX } from "preact";
import { Answered } from "../parts/state.js";
import { linkTo } from "../route.js";
import { useAnswer } from "../use-answer.js";

export function RunsView(_: { readonly parameters: URLSearchParams }): JSX.Element {
  const asked = useAnswer("runs", {});
  return (
    <div class="page">
      <Answered asked={asked} what="the runs">
        {({ runs }) => runs.map(({ run }) => <a href={linkTo("run", { run })}>{run}</a>)}
      </Answered>
    </div>
  );
}
