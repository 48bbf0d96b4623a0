// What `coderlplus doctor` says of the second wall: each launcher, tried.

import { LAUNCHERS } from "./launch.js";
import { WALLS, type Wall } from "./messages.js";
import { prove } from "./probe.js";

export interface WallLine {
  readonly name: string;
  readonly status: "proved" | "not proved" | "not available";
  readonly detail: string;
}

const STOPS: Readonly<Record<Wall, string>> = {
  network: "no connection",
  writing: "no file written",
  programs: "no program run",
  reading: "no secret read",
};

/** One line a launcher. Starts a process for each, and ends it. */
export async function wallReport(): Promise<readonly WallLine[]> {
  const lines: WallLine[] = [];
  for (const launcher of LAUNCHERS) {
    const { process, proof } = await prove(launcher);
    process?.close();
    const name = `second wall: ${launcher.name}`;
    if (proof.problem !== null) lines.push({ name, status: "not available", detail: proof.problem });
    else {
      const holds = WALLS.filter((wall) => !proof.open.includes(wall)).map((wall) => STOPS[wall]);
      const open = proof.open.length === 0 ? "" : `; open: ${proof.open.join(", ")}`;
      lines.push({
        name,
        status: proof.open.length === 0 ? "proved" : "not proved",
        detail: `${holds.join(", ") || "nothing holds"}${open}`,
      });
    }
  }
  return lines;
}
