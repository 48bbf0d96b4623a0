// The files that a problem puts beside its programs: there to be read and required, and no others.

import { apply, evaluate, Map, parseJson } from "./primordials.js";

const files = new Map();

/** @param list  [{path, text, code}], where `code` is the function that the file is as a module */
export function setFiles(list) {
  for (const file of list) files.set(file.path, file);
}

/** A file by its path from the program's folder, or from one in it; undefined where there is none. */
export function findFile(path, folder = "") {
  return typeof path === "string" ? files.get(joined(path[0] === "/" ? "" : folder, path)) : undefined;
}

/** A path without `.` and `..`. */
function joined(folder, path) {
  const parts = [];
  for (const part of `${folder}/${path}`.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

/** What a file is as a module; undefined where there is no such file. It is run once. */
export function requireFile(name, folder, requireFrom) {
  if (typeof name !== "string" || (name[0] !== "." && name[0] !== "/")) return undefined;
  const file = ["", ".js", ".json", "/index.js"].map((end) => findFile(name + end, folder)).find((found) => found);
  if (!file || file.module) return file?.module;
  file.module = { exports: file.code === null ? parseJson(file.text) : {} };
  if (file.code !== null) {
    const ignore = (value) => value;
    const { exports } = file.module;
    const own = joined(file.path, "..");
    const require = (inner) => requireFrom(own, inner);
    apply(evaluate(file.code), exports, [
      exports,
      require,
      file.module,
      `/${file.path}`,
      `/${own}`,
      ignore,
      ignore,
      ignore,
    ]);
  }
  return file.module;
}
