// A real browser for the tests of the page: the machine's own Chromium, driven by playwright-core. Where there is none,
// the tests are skipped and say so.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/** Where the browser is: `CODERLPLUS_CHROMIUM`, or the first of its usual names on the path. */
function browserPath(): string | undefined {
  const named = process.env["CODERLPLUS_CHROMIUM"];
  if (named) return named;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

/** True where the tests must be skipped; says so, and what to install. */
export function isWithoutBrowser(what: string): boolean {
  if (browserPath() !== undefined) return false;
  process.stderr.write(
    `SKIPPED: ${what} is not tested: no chromium on this machine (apt install chromium, or CODERLPLUS_CHROMIUM)\n`,
  );
  return true;
}

export function openBrowser(): Promise<Browser> {
  const executablePath = browserPath();
  if (executablePath === undefined) throw new Error("no browser; ask isWithoutBrowser first");
  // As root, as in a container, Chromium has no sandbox of its own; what the page may do is for the page's policy to say.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
}
