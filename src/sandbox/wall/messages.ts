// What passes between the pool and the walled process: plain data, as JSON.

import type { Place, WireExecution, WireJob } from "../job.js";

/** What a program that had broken out of its interpreter would try first. */
export const WALLS = ["network", "writing", "programs", "reading"] as const;
export type Wall = (typeof WALLS)[number];

/** What to try from inside: each of these works outside. */
export interface Attempts {
  /** A port that listens on this machine. */
  readonly port: number;
  /** Files that could be made. */
  readonly files: readonly string[];
  /** A program that could be run. */
  readonly program: string;
  /** A file that could be read. */
  readonly secret: string;
}

export type ToWalled =
  | { readonly kind: "try"; readonly id: number; readonly attempts: Attempts }
  | { readonly kind: "ready"; readonly id: number; readonly room: number; readonly place: Place }
  | {
      readonly kind: "run";
      readonly id: number;
      readonly room: number;
      readonly place: Place;
      readonly job: WireJob;
    }
  | { readonly kind: "cancel"; readonly id: number; readonly room: number };

export type FromWalled =
  | { readonly kind: "tried"; readonly id: number; readonly open: readonly Wall[] }
  | { readonly kind: "ready"; readonly id: number; readonly engine: string }
  | { readonly kind: "done"; readonly id: number; readonly engine: string; readonly answer: WireExecution }
  | { readonly kind: "cancelled"; readonly id: number }
  | { readonly kind: "failed"; readonly id: number; readonly message: string };
