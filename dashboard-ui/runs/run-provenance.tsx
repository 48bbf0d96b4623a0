// What a run was made from: its config, the versions, the machine, the data.

import type { JSX } from "preact";
import type { RunDetail } from "../../src/dashboard/api/runs.js";
import { CopyButton } from "../parts/copy-button.js";

export function RunProvenance({ detail }: { readonly detail: RunDetail }): JSX.Element {
  const { config, versions, host, dataHashes, gitRevision } = detail;
  return (
    <section class="stack">
      <h2>What it was made from</h2>
      <details class="panel">
        <summary class="panel-head">Config</summary>
        <div class="config-tools">
          <CopyButton label="Copy" title="Copy the config" text={() => config} />
        </div>
        <pre class="config">{config}</pre>
      </details>
      <details class="panel">
        <summary class="panel-head">Versions, machine and data</summary>
        <div class="scroll-x">
          <table>
            <tbody>
              {gitRevision === null ? null : <FactRow name="git revision" value={gitRevision} />}
              {[versions, host, dataHashes].flatMap((facts, i) =>
                Object.entries(facts).map(([name, value]) => (
                  <FactRow key={`${i} ${name}`} name={["", "", "hash of data, "][i] + name} value={String(value)} />
                )),
              )}
            </tbody>
          </table>
        </div>
      </details>
    </section>
  );
}

function FactRow({ name, value }: { readonly name: string; readonly value: string }): JSX.Element {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td class="mono">{value}</td>
    </tr>
  );
}
