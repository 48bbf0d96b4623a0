// Adam's settings as a server honours them. Nothing is refused: what it has in place of the config's is said once.

import type { OptimStep } from "../../engine.js";
import type { AdamSetting, Profile } from "./profile.js";

/** One line of what this server does not take from the config; null where it takes all, or has the same values. */
export function adamNotice(options: OptimStep, { name, fixedAdam }: Profile): string | null {
  const different = (Object.entries(fixedAdam) as Array<[AdamSetting, number]>).filter(
    ([setting, value]) => options[setting] !== value,
  );
  if (different.length === 0) return null;
  const asked = different.map(([setting]) => `optimizer.${setting} ${options[setting]}`).join(", ");
  const instead = different.map(([setting, value]) =>
    setting === "gradientClip" && value === 0 ? "no clip" : `${setting} ${value}`,
  );
  return `${name} does not take ${asked} from the config; unless it was started with others it has ${instead.join(", ")}`;
}
