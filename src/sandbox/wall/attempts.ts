// Tries, from inside the walled process, what the wall is there to stop. What succeeds is a hole.

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import type { Attempts, Wall } from "./messages.js";

const CONNECT_MS = 2000;

/** @returns the walls that are open */
export async function holes({ port, files, program, secret }: Attempts): Promise<Wall[]> {
  const found: Wall[] = [];
  if (await connects(port)) found.push("network");
  if (files.some((path) => succeeds(() => writes(path)))) found.push("writing");
  if (succeeds(() => runs(program))) found.push("programs");
  if (succeeds(() => readFileSync(secret))) found.push("reading");
  return found;
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", timeout: CONNECT_MS });
    const settle = (connected: boolean): void => {
      socket.destroy();
      resolve(connected);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
    socket.once("timeout", () => settle(false));
  });
}

function writes(path: string): void {
  writeFileSync(path, "");
  rmSync(path);
}

function runs(program: string): void {
  const { error } = spawnSync(program, { stdio: "ignore" });
  if (error) throw error;
}

function succeeds(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}
