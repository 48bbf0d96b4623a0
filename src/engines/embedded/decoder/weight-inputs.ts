// The weights as inputs of a graph, declared when first asked for, so that an update needs no new session.

import type { Graph, Value } from "../graph/graph.js";
import type { Weights } from "./decoder.js";
import type { Model } from "./graphs.js";
import type { Layout, LayoutTensor } from "./layout.js";

/** What training changes: the adapters where the model has some, otherwise all weights. */
export function trainedLayout({ layout, adapters }: Model): Layout {
  return adapters?.layout ?? layout;
}

/** @param trained  is given the inputs that training changes, which are tracked then; without it none is */
export function weightInputs(graph: Graph, model: Model, trained?: Map<string, Value>): Weights {
  const declared = new Map<string, Value>();
  return {
    adapters: model.adapters,
    tensor: (name) => {
      const known = declared.get(name);
      if (known) return known;
      const tracked = trained !== undefined && find(trainedLayout(model), name) !== undefined;
      const value = graph.input(name, shapeOf(model, name), { tracked });
      declared.set(name, value);
      if (tracked) trained.set(name, value);
      return value;
    },
  };
}

function shapeOf({ layout, adapters }: Model, name: string): readonly number[] {
  const tensor = find(layout, name) ?? (adapters && find(adapters.layout, name));
  if (!tensor) throw new RangeError(`no weight "${name}" in this layout`);
  return tensor.shape;
}

function find({ tensors }: Layout, name: string): LayoutTensor | undefined {
  return tensors.find((tensor) => tensor.name === name);
}
