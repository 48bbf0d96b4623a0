// The files that a problem gives to its program: in the interpreter's file system in memory for the time of a run. The
// firewall lets no program write there; afterwards everything is as it was, to the last inode.

interface Times {
  atime: number;
  mtime: number;
  ctime: number;
}

/** What emscripten's file system offers of what is needed here. */
export interface FileSystem {
  nextInode: number;
  lookupPath(path: string): { readonly node: Times };
  writeFile(path: string, text: string): void;
  unlink(path: string): void;
  mkdir(path: string): void;
  rmdir(path: string): void;
}

type Files = Readonly<Record<string, string>>;

/** Where programs run: the first place that Python looks for modules. */
const PROGRAM_FOLDER = "/home";

/**
 * Does `use` with these files in the program's folder.
 *
 * @param epochMs  all their times: the machine's clock must not show
 */
export function withFiles<T>(fs: FileSystem, files: Files | undefined, epochMs: number, use: () => T): T {
  if (files === undefined) return use();
  const { nextInode } = fs;
  const { node: home } = fs.lookupPath(PROGRAM_FOLDER);
  const times = { atime: home.atime, mtime: home.mtime, ctime: home.ctime };
  const folders = foldersOf(files);
  const paths = Object.keys(files).map((name) => `${PROGRAM_FOLDER}/${name}`);
  for (const folder of folders) fs.mkdir(folder);
  for (const [name, text] of Object.entries(files)) fs.writeFile(`${PROGRAM_FOLDER}/${name}`, text);
  for (const path of [PROGRAM_FOLDER, ...folders, ...paths]) {
    Object.assign(fs.lookupPath(path).node, { atime: epochMs, mtime: epochMs, ctime: epochMs });
  }
  try {
    return use();
  } finally {
    for (const path of paths) fs.unlink(path);
    for (const folder of folders.toReversed()) fs.rmdir(folder);
    Object.assign(home, times);
    fs.nextInode = nextInode;
  }
}

/** Every folder that the names go through, outer ones first. */
function foldersOf(files: Files): string[] {
  const folders = Object.keys(files).flatMap((name) => {
    const parts = name.split("/").slice(0, -1);
    return parts.map((_, depth) => `${PROGRAM_FOLDER}/${parts.slice(0, depth + 1).join("/")}`);
  });
  return [...new Set(folders)];
}
