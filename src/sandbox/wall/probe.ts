// Finds out which walls stand: starts the process and has it try, from inside, what works from here.

import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../../core/errors.js";
import { LAUNCHERS, type Launcher } from "./launch.js";
import { type Attempts, WALLS, type Wall } from "./messages.js";
import { WalledProcess } from "./process.js";

export interface Proof {
  readonly launcher: string;
  /** What the process could do all the same; every wall where it did not start. */
  readonly open: readonly Wall[];
  /** Why it is not to be had; null where it started. */
  readonly problem: string | null;
}

/** Starts a process by one launcher and tries its walls. The caller closes what it gets. */
export async function prove(launcher: Launcher): Promise<{ process: WalledProcess | null; proof: Proof }> {
  const unusable = (problem: string) => ({ process: null, proof: { launcher: launcher.name, open: WALLS, problem } });
  const launch = launcher.launch();
  if (typeof launch === "string") return unusable(launch);
  const process = new WalledProcess(launch);
  try {
    const open = await withTargets(async (attempts) => {
      const answer = await process.ask({ kind: "try", attempts });
      return answer.kind === "tried" ? answer.open : WALLS;
    });
    return { process, proof: { launcher: launcher.name, open, problem: null } };
  } catch (error) {
    process.close();
    return unusable(messageOf(error));
  }
}

/** The first launcher whose process could do none of it. */
export async function strongest(): Promise<{ process: WalledProcess | null; proofs: readonly Proof[] }> {
  const proofs: Proof[] = [];
  for (const launcher of LAUNCHERS) {
    const { process, proof } = await prove(launcher);
    proofs.push(proof);
    if (process && proof.open.length === 0) return { process, proofs };
    process?.close();
  }
  return { process: null, proofs };
}

/** Something to connect to, to write, to run and to read, for as long as `use` takes. */
async function withTargets<T>(use: (attempts: Attempts) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "coderlplus-wall-"));
  const secret = join(folder, "secret");
  const server = createServer((socket) => socket.destroy());
  try {
    writeFileSync(secret, randomUUID(), { mode: 0o644 });
    const port = await new Promise<number>((resolve, reject) => {
      server.once("error", reject).listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(typeof address === "object" && address ? address.port : 0);
      });
    });
    const name = `coderlplus-wall-${randomUUID()}`;
    const files = [join(folder, "file"), join(process.cwd(), name), join(tmpdir(), name)];
    return await use({ port, files, program: PROGRAMS.find((path) => existsSync(path)) ?? process.execPath, secret });
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const PROGRAMS = ["/bin/true", "/usr/bin/true"];
