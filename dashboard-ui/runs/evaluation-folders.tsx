// Folders that `coderlplus eval` wrote, below the runs.

import type { JSX } from "preact";
import type { EvaluationFolder } from "../../src/dashboard/api/runs.js";
import { linkTo } from "../route.js";

export function EvaluationFolders({ folders }: { readonly folders: readonly EvaluationFolder[] }): JSX.Element | null {
  if (folders.length === 0) return null;
  return (
    <section class="stack">
      <h2 title="Written by coderlplus eval">Evaluations</h2>
      <div class="panel scroll-x">
        <table>
          <thead>
            <tr>
              <th>Folder</th>
              <th>Policy</th>
              <th>Benchmarks</th>
            </tr>
          </thead>
          <tbody>
            {folders.map(({ place, policy, benchmarks }) => (
              <tr key={place}>
                <td>
                  <a href={linkTo("evaluations", { run: place, benchmark: benchmarks[0]?.benchmark })} data-row>
                    {place}
                  </a>
                </td>
                <td class="mono">{policy}</td>
                <td>
                  {benchmarks.map(({ benchmark, tasks }, i) => (
                    <span key={benchmark}>
                      {i > 0 ? ", " : ""}
                      <a href={linkTo("evaluations", { run: place, benchmark })}>{benchmark}</a>{" "}
                      <span class="faint">({tasks} problems)</span>
                    </span>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
