// Text that is put into a program: collected in any order, and then in the one order in which nested pieces close properly.
// Each lies between two marks, by which it can be taken away again.

import type { AnyNode } from "acorn";
import type { Edit } from "../../sandbox/javascript/splice.js";

interface Piece extends Edit {
  readonly isEnd: boolean;
  /** Where its node begins: the smaller, the further outside it is. */
  readonly nodeAt: number;
}

/** What a piece belongs to: a node, or a place like one. */
type Owner = Pick<AnyNode, "start">;

export interface Pieces {
  /** In front of what a node, or a part of it, begins with. */
  readonly open: (node: Owner, at: number, text: string) => void;
  /** Behind what a node, or a part of it, ends with. */
  readonly close: (node: Owner, at: number, text: string) => void;
  /** Around all that is between two places; a piece of its own where that is nothing. */
  readonly around: (node: Owner, from: number, to: number, before: string, after: string) => void;
  readonly edits: () => readonly Edit[];
}

export function collectPieces(recorder: string): Pieces {
  const pieces: Piece[] = [];
  const mark = `/*${recorder}*/`;
  const add = (node: Owner, at: number, text: string, isEnd: boolean): void => {
    pieces.push({ at, text: mark + text + mark, isEnd, nodeAt: node.start });
  };
  const open: Pieces["open"] = (node, at, text) => add(node, at, text, false);
  const close: Pieces["close"] = (node, at, text) => add(node, at, text, true);
  return {
    open,
    close,
    around: (node, from, to, before, after) => {
      if (from === to) return open(node, from, before + after);
      open(node, from, before);
      close(node, to, after);
    },
    edits: () => pieces.sort(inOrder),
  };
}

/** At one place all that ends goes first, from the inside out; then what begins, from the outside in. */
function inOrder(a: Piece, b: Piece): number {
  if (a.at !== b.at) return a.at - b.at;
  if (a.isEnd !== b.isEnd) return a.isEnd ? -1 : 1;
  return a.isEnd ? b.nodeAt - a.nodeAt : a.nodeAt - b.nodeAt;
}
