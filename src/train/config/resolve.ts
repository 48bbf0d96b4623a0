// How a recipe, a file and --set become one resolved config, in which nothing is left open.

import { parse as parseYaml, stringify as stringifyYaml } from "yaml";
import { ConfigError, messageOf } from "../../core/errors.js";
import { readText } from "../../core/files.js";
import { explain } from "../../core/schema.js";
import { withDefaults } from "./defaults.js";
import { foreignKey, kindIn } from "./engine.js";
import { refuseInert, withoutInert } from "./inert.js";
import { refuseNonsense } from "./refusals.js";
import { type Config, configSchema } from "./schema.js";

/** @throws ConfigError naming the key, what was found and what was expected */
export function resolveConfig(input: unknown, where: string): Config {
  const result = configSchema.safeParse(input ?? {});
  if (!result.success) {
    const { error } = result;
    throw new ConfigError(`${where}: ${foreignKey(error, input) ?? explain(error, input, configSchema)}`);
  }
  if (result.data.supervised) refuseInert(input, where);
  const config = withDefaults(result.data);
  refuseNonsense(config, where);
  return config;
}

/** A YAML file as plain data. */
export function readConfigFile(path: string): unknown {
  const text = readText(path);
  try {
    return parseYaml(text) as unknown;
  } catch (error) {
    throw new ConfigError(`${path}: not YAML: ${messageOf(error).split("\n")[0]}`, { cause: error });
  }
}

/**
 * Applies `a.b=value` settings to a copy; values are read as YAML, so `3`, `true`, `null` and `[1, 2]` mean what they say.
 * Another `engine.kind` begins the section anew: what the copy says of an engine means nothing to one of another kind.
 */
export function applySettings(input: unknown, settings: readonly string[]): unknown {
  const result = structuredClone(input ?? {}) as Record<string, unknown>;
  if (settings.some((setting) => setting.startsWith(KIND) && setting.slice(KIND.length) !== kindIn(input))) {
    result.engine = {};
  }
  for (const setting of settings) {
    const [path, ...rest] = setting.split("=");
    if (!path || rest.length === 0)
      throw new ConfigError(`--set ${setting}: expected key=value, as in --set train.steps=3`);
    const keys = path.split(".");
    let target = result;
    for (const key of keys.slice(0, -1)) {
      if (typeof target[key] !== "object" || target[key] === null) target[key] = {};
      target = target[key] as Record<string, unknown>;
    }
    target[keys.at(-1) as string] = parseSetting(setting, rest.join("="));
  }
  return result;
}

const KIND = "engine.kind=";

function parseSetting(setting: string, text: string): unknown {
  try {
    return parseYaml(text) as unknown;
  } catch (error) {
    throw new ConfigError(`--set ${setting}: not YAML: ${messageOf(error).split("\n")[0]}`, { cause: error });
  }
}

/** Every key that means something to the run. */
export function configText(config: Config): string {
  return stringifyYaml(config.supervised ? withoutInert(config) : config);
}
