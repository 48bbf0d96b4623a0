// PRIME's Parquet files (Eurus-2-RL-Data) and those of CodeRL+, which were made from them: a chat prompt and a JSON text
// of inputs and outputs. Mathematics is left out, and so are CodeRL+'s ready-made alignment rows: training makes them
// from the policy's own failures.

import type { Json } from "../../core/json.js";
import { casesOf, jsonField } from "./cases.js";
import type { Format } from "./formats.js";
import { kept, malformed, nameIn, optionalText, rowOf, skip, textOf } from "./row.js";

const ALIGNMENT_ROWS = /exec_semantics_align|code_execution/;

export const prime: Format = {
  about: "PRIME / Eurus and CodeRL+ (data_source, prompt, ability, reward_model)",
  matches: (fields) => fields.has("reward_model") && fields.has("data_source"),
  columns: ["data_source", "prompt", "ability", "reward_model", "extra_info"],
  problem: (row, index) => {
    const source = textOf(row, "data_source");
    if (ALIGNMENT_ROWS.test(source)) skip("a ready-made alignment row", source);
    const ability = optionalText(row, "ability");
    if (ability !== undefined && ability !== "code") skip("not code", ability);
    const { user, system } = turnsOf(row["prompt"]);
    const { tests, callee } = casesOf(
      jsonField(rowOf(row["reward_model"], "reward_model"), "ground_truth"),
      "ground_truth",
      user,
    );
    const extra = row["extra_info"] ? rowOf(row["extra_info"], "extra_info") : {};
    return {
      id: `${source}/${nameIn(extra, "index") ?? index}`,
      language: "python",
      prompt: user,
      tests,
      source,
      ...(callee !== undefined && { entryPoint: callee, comparison: { tupleAsList: true } }),
      metadata: { ...kept(extra, "split"), ...(system !== "" && { system }) },
    };
  },
};

function turnsOf(prompt: Json | undefined): { readonly user: string; readonly system: string } {
  if (typeof prompt === "string") return { user: prompt, system: "" };
  if (!Array.isArray(prompt)) return malformed("prompt", "a list of turns", prompt);
  const turns = prompt.map((turn: Json) => rowOf(turn, "prompt"));
  const said = (role: string): string =>
    turns
      .filter((turn) => turn["role"] === role)
      .map((turn) => textOf(turn, "content"))
      .join("\n\n");
  const user = said("user");
  return user === "" ? malformed("prompt", "a turn of the user", prompt) : { user, system: said("system") };
}
