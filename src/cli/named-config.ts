// The config that a verb's argument and its --set flags mean.

import { applySettings, readConfigFile, resolveConfig } from "../train/config/resolve.js";
import type { Config } from "../train/config/schema.js";
import { recipe } from "../train/recipes/recipes.js";

/** @param name  a recipe, or a config file ending in .yaml */
export function namedConfig(name: string, settings: readonly string[]): Config {
  const isFile = /\.ya?ml$/.test(name);
  const input = isFile ? readConfigFile(name) : recipe(name);
  return resolveConfig(applySettings(input, settings), isFile ? name : `recipe ${name}`);
}
