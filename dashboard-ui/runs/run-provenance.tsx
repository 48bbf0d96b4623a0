// What a run was made from: its config, the versions, the machine, the data.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { RunDetail } from "../../src/dashboard/api/runs.js";

export function RunProvenance({ detail }: { readonly detail: RunDetail }): JSX.Element {
  const { config, versions, host, dataHashes, gitRevision } = detail;
  return (
    <section class="stack">
      <h2>What it was made from</h2>
      <details class="panel">
        <summary class="panel-head">
          Config <CopyButton text={config} />
        </summary>
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

function CopyButton({ text }: { readonly text: string }): JSX.Element {
  const [says, setSays] = useState("Copy");
  const copy = (event: MouseEvent): void => {
    // In a summary: a click would open it.
    event.preventDefault();
    // Where there is no clipboard, as over plain http from elsewhere, there is no such object.
    const done = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"));
    done.then(
      () => setSays("Copied"),
      () => setSays("The browser refuses; select the text instead"),
    );
  };
  return (
    <button type="button" class="push" onClick={copy}>
      {says}
    </button>
  );
}
