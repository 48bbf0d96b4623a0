// Where the main thread's processor time goes, by V8's own sampling profiler: each sample belongs to the innermost frame
// that is of one of the parts. Nothing in the measured code knows of it.

import { writeFileSync } from "node:fs";
import { type Profiler, Session } from "node:inspector/promises";

export const PARTS = ["encode", "decode", "tokenizer", "judge", "http", "client", "loop", "collector", "rest"] as const;
type Part = (typeof PARTS)[number];

/** Seconds. */
export type Parts = Readonly<Record<Part, number>>;

/** First come, first served, from the innermost frame on. */
const RULES: ReadonlyArray<readonly [Part, (frame: Profiler.ProfileNode["callFrame"]) => boolean]> = [
  [
    "encode",
    ({ url, functionName }) => /tinker\/protocol\//.test(url) && /^encode|To(Json|Protobuf)$/.test(functionName),
  ],
  [
    "decode",
    ({ url, functionName }) =>
      /tinker\/protocol\//.test(url) && /^(decode|combine|parseBody)|From(Json|Protobuf)$/.test(functionName),
  ],
  ["tokenizer", ({ url }) => /@huggingface\/tokenizers|model\/tokenizer/.test(url)],
  ["judge", ({ url }) => /src\/(prompts|sandbox|judge|tracer|alignment|problems)\//.test(url)],
  [
    "http",
    ({ url }) =>
      /src\/core\/http|^node:(internal\/deps\/undici|_?http|net|internal\/(stream|http|fetch|webstreams))/.test(url),
  ],
  ["client", ({ url }) => /src\/engines\/tinker\/(client|engine)\//.test(url)],
  ["loop", ({ url }) => /src\/(train|rollouts|runs|algorithms|eval|core)\//.test(url)],
];

const INTERVAL_US = 1000;

export class CpuProfile {
  readonly #session = new Session();

  async begin(): Promise<void> {
    this.#session.connect();
    await this.#session.post("Profiler.enable");
    await this.#session.post("Profiler.setSamplingInterval", { interval: INTERVAL_US });
    await this.#session.post("Profiler.start");
  }

  /**
   * What was spent since the last call; measuring goes on.
   *
   * @param file  for the whole profile, as browsers' tools open it; null writes none
   */
  async take(file: string | null): Promise<Parts> {
    const { profile } = await this.#session.post("Profiler.stop");
    await this.#session.post("Profiler.start");
    if (file !== null) writeFileSync(file, JSON.stringify(profile));
    return partsOf(profile);
  }
}

function partsOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Parts {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const found = new Map<number, Part | null>();
  const partOf = (id: number): Part | null => {
    const { functionName } = (byId.get(id) as Profiler.ProfileNode).callFrame;
    if (functionName === "(idle)") return null;
    if (functionName === "(garbage collector)") return "collector";
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const { callFrame } = byId.get(at) as Profiler.ProfileNode;
      const rule = RULES.find(([, matches]) => matches(callFrame));
      if (rule) return rule[0];
    }
    return "rest";
  };
  const seconds = Object.fromEntries(PARTS.map((part) => [part, 0])) as Record<Part, number>;
  for (const [i, id] of samples.entries()) {
    let part = found.get(id);
    if (part === undefined) {
      part = partOf(id);
      found.set(id, part);
    }
    if (part) seconds[part] += (timeDeltas[i + 1] ?? INTERVAL_US) / 1e6;
  }
  return seconds;
}
