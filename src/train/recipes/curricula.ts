// When alignment is learnt, from which programs, and what it asks: docs/curricula.md says what each is for.

import type { ConfigInput } from "../config/schema.js";

/** `coderlplus train alignment-first`: two steps to collect failures, 24 of alignment on them, then code alone. */
const alignmentFirst: ConfigInput = {
  recipe: "alignment-first",
  alignment: {
    collectSteps: 2,
    shareSchedule: [
      { step: 26, share: 1 },
      { step: 27, share: 0 },
    ],
    maximumPerStep: null,
  },
};

/** `coderlplus train alignment-first-fresh`: the same order, on the problems' reference programs instead of failures. */
const alignmentFirstFresh: ConfigInput = {
  recipe: "alignment-first-fresh",
  alignment: {
    source: "references",
    shareSchedule: [
      { step: 24, share: 1 },
      { step: 25, share: 0 },
    ],
  },
};

/** `coderlplus train annealed-share`: from mostly alignment down to a tenth of it at step 60. */
const annealedShare: ConfigInput = {
  recipe: "annealed-share",
  alignment: {
    shareSchedule: [
      { step: 1, share: 0.7 },
      { step: 60, share: 0.1 },
    ],
  },
};

/** `coderlplus train all-programs`: recycles programs that pass as well as those that fail. */
const allPrograms: ConfigInput = { recipe: "all-programs", alignment: { source: "all" } };

/** `coderlplus train partly-right`: recycles only programs that pass some of their tests. */
const partlyRight: ConfigInput = { recipe: "partly-right", alignment: { passedTests: "some" } };

/** `coderlplus train official-reward`: the published reward and loose equality for alignment answers. */
const officialReward: ConfigInput = { recipe: "official-reward", reward: { alignment: "official" } };

/** `coderlplus train targets`: every kind of question in turn; `--set alignment.target=nextLine` asks one kind alone. */
const targets: ConfigInput = { recipe: "targets", alignment: { target: "mixed" } };

export const curricula = {
  "alignment-first": alignmentFirst,
  "alignment-first-fresh": alignmentFirstFresh,
  "annealed-share": annealedShare,
  "all-programs": allPrograms,
  "partly-right": partlyRight,
  "official-reward": officialReward,
  targets,
} satisfies Record<string, ConfigInput>;
