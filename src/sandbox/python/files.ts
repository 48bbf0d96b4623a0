// The files that a problem gives to its program: in the interpreter's file system in memory while the program runs, and
// gone before the next one. The firewall lets nobody write there; only this does.

/** What emscripten's file system offers of what is needed here. */
export interface FileSystem {
  writeFile(path: string, text: string): void;
  unlink(path: string): void;
  mkdir(path: string): void;
  rmdir(path: string): void;
  utime(path: string, accessed: number, modified: number): void;
}

/** Where programs run: the first place that Python looks for modules. */
const PROGRAM_FOLDER = "/home";

type Files = Readonly<Record<string, string>>;

export class ProgramFiles {
  readonly #fs: FileSystem;
  #placed: string[] = [];
  #folders: string[] = [];
  #files: Files | undefined;

  constructor(fs: FileSystem) {
    this.#fs = fs;
  }

  /**
   * Puts these in place of those that are there. Their times are fixed, as all clocks are.
   *
   * @returns whether anything changed
   */
  place(files: Files | undefined, epochMs: number): boolean {
    if (files === this.#files) return false;
    this.remove();
    this.#files = files;
    for (const [name, text] of Object.entries(files ?? {})) {
      this.#makeFolders(name);
      const path = `${PROGRAM_FOLDER}/${name}`;
      this.#fs.writeFile(path, text);
      this.#fs.utime(path, epochMs, epochMs);
      this.#placed.push(path);
    }
    if (files) for (const folder of [PROGRAM_FOLDER, ...this.#folders]) this.#fs.utime(folder, epochMs, epochMs);
    return true;
  }

  remove(): void {
    for (const path of this.#placed) this.#fs.unlink(path);
    for (const folder of this.#folders.reverse()) this.#fs.rmdir(folder);
    this.#placed = [];
    this.#folders = [];
    this.#files = undefined;
  }

  #makeFolders(name: string): void {
    const parts = name.split("/").slice(0, -1);
    for (const [index] of parts.entries()) {
      const folder = `${PROGRAM_FOLDER}/${parts.slice(0, index + 1).join("/")}`;
      if (this.#folders.includes(folder)) continue;
      this.#fs.mkdir(folder);
      this.#folders.push(folder);
    }
  }
}
