// The model families the engine runs, by their `model_type`.

import type { Family, Traits } from "./family.js";
import { llama } from "./llama.js";
import { qwen2 } from "./qwen2.js";
import { qwen3 } from "./qwen3.js";

const FAMILIES = [qwen2, llama, qwen3] as const satisfies readonly Family[];

export type FamilyName = (typeof FAMILIES)[number]["modelType"];

export const FAMILY_NAMES: readonly FamilyName[] = FAMILIES.map(({ modelType }) => modelType);

const BY_NAME = new Map<FamilyName, Family>(FAMILIES.map((family) => [family.modelType, family]));

/** @throws RangeError for a name that is none */
export function familyOf(name: FamilyName): Family {
  const family = BY_NAME.get(name);
  if (!family) throw new RangeError(`no model family "${name}"`);
  return family;
}

/** The traits a family's models have where config.json says nothing of its own. */
export function traitsOf(family: FamilyName): Traits & { readonly family: FamilyName } {
  return { family, ...familyOf(family).traits.parse({}) };
}
