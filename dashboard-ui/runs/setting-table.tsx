// What sets compared runs apart: the keys of their configs that differ.

import type { JSX } from "preact";
import { Swatch } from "../charts/legend.js";
import type { SettingRow } from "./compared-groups.js";

interface SettingTableProps {
  readonly names: readonly string[];
  readonly rows: readonly SettingRow[];
}

export function SettingTable({ names, rows }: SettingTableProps): JSX.Element {
  return (
    <section class="stack">
      <h2 title="Keys of config.yaml that have not the same value everywhere">Config: what differs</h2>
      {rows.length === 0 ? (
        <p class="faint">Nothing: the configs are the same.</p>
      ) : (
        <div class="panel scroll-x">
          <table class="compared">
            <thead>
              <tr>
                <th>Key</th>
                {names.map((name, i) => (
                  <GroupHead key={name} name={name} place={i} />
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ key, values }) => (
                <tr key={key}>
                  <td class="mono">{key}</td>
                  {values.map((value, i) => (
                    <td key={names[i]} class="mono">
                      {value ?? <span class="faint">not set</span>}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** With the line that stands for the group in the charts. */
function GroupHead({ name, place }: { readonly name: string; readonly place: number }): JSX.Element {
  return (
    <th>
      <span class="row">
        <Swatch line={{ colour: place, dash: place }} /> {name}
      </span>
    </th>
  );
}
