// The studies that ship with the package, by name.

import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../core/errors.js";
import { suggestion } from "../../core/schema.js";

const studies = new URL("../../../studies/", import.meta.url);

/** The path itself where it ends in .yaml, or the file of the bundled study of that name. @throws UsageError naming those there are */
export function studyFile(name: string): string {
  if (/\.ya?ml$/.test(name)) return name;
  const names = readdirSync(studies).map((file) => file.replace(/\.yaml$/, ""));
  if (names.includes(name)) return fileURLToPath(new URL(`${name}.yaml`, studies));
  throw new UsageError(`unknown study "${name}"${suggestion(name, names)}; a study file ends in .yaml`);
}
