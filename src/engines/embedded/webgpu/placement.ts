// Where ONNX Runtime put the nodes of a graph: it moves what a device has no kernel for to the processor without a
// word, and copies the tensors there and back. Its profile of a run names each node's provider.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { InferenceSession } from "onnxruntime-node";
import { readText } from "../../../core/files.js";
import type { OpenSession } from "../graph/program.js";

export interface Placement {
  readonly nodes: number;
  /** Nodes on the processor, by operator, most frequent first. */
  readonly fallbacks: ReadonlyArray<{ readonly operator: string; readonly count: number }>;
}

/** As people read it: "2 of 310 nodes run on the CPU: Range x 2". */
export function placementText({ nodes, fallbacks }: Placement): string {
  const fallen = fallbacks.reduce((sum, { count }) => sum + count, 0);
  const which = fallbacks.map(({ operator, count }) => `${operator} x ${count}`).join(", ");
  return `${fallen} of ${nodes} nodes run on the CPU${which === "" ? "" : `: ${which}`}`;
}

/** Watches the sessions that it opens. */
export interface Observer {
  readonly open: OpenSession;
  /** Of every node that has run; ends the sessions. */
  finish(): Promise<Placement>;
}

export function observe(open: OpenSession): Observer {
  const folder = mkdtempSync(join(tmpdir(), "coderlplus-profile-"));
  const sessions: InferenceSession[] = [];
  let opened = 0;
  return {
    open: async (graph, options, resident) => {
      const profile = { enableProfiling: true, profileFilePrefix: join(folder, String(opened++)) };
      const session = await open(graph, { ...options, ...profile }, resident);
      sessions.push(session);
      return session;
    },
    finish: async () => {
      try {
        for (const session of sessions) {
          session.endProfiling();
          await session.release();
        }
        const profiles = readdirSync(folder).map((name) => readText(join(folder, name)));
        return placementOf(profiles.flatMap(nodesOf));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly args: { readonly provider: string; readonly op_name: string; readonly node_index: string };
}

/** One event a node, however often it ran. */
function nodesOf(profile: string): ProfileEvent[] {
  const events = JSON.parse(profile) as ProfileEvent[];
  const kernels = events.filter(({ cat, name }) => cat === "Node" && name.endsWith("_kernel_time"));
  return [...new Map(kernels.map((event) => [event.args.node_index, event])).values()];
}

function placementOf(nodes: readonly ProfileEvent[]): Placement {
  const counts = new Map<string, number>();
  for (const { args } of nodes) {
    if (args.provider === "CPUExecutionProvider") counts.set(args.op_name, (counts.get(args.op_name) ?? 0) + 1);
  }
  const fallbacks = [...counts].map(([operator, count]) => ({ operator, count }));
  return { nodes: nodes.length, fallbacks: fallbacks.toSorted((a, b) => b.count - a.count) };
}
