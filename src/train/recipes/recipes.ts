// Named starting points. A recipe is only data: `coderlplus train <name>`, and --set changes any key of it.

import { UsageError } from "../../core/errors.js";
import { suggestion } from "../../core/schema.js";
import type { ConfigInput } from "../config/schema.js";
import { algorithms } from "./algorithms.js";
import { baselines } from "./baselines.js";
import { curricula } from "./curricula.js";
import { method } from "./method.js";
import { servers } from "./servers.js";

export const recipes: Readonly<Record<string, ConfigInput>> = {
  ...method,
  ...algorithms,
  ...curricula,
  ...baselines,
  ...servers,
};

/** @throws UsageError naming the recipes there are */
export function recipe(name: string): ConfigInput {
  const found = recipes[name];
  if (found) return found;
  throw new UsageError(
    `unknown recipe "${name}"${suggestion(name, Object.keys(recipes))}; a config file ends in .yaml`,
  );
}
