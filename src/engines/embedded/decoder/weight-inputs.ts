// The weights as inputs of a graph, declared when first asked for, so that an update needs no new session.

import type { Graph, Value } from "../graph/graph.js";
import type { Weights } from "./decoder.js";
import type { Model } from "./graphs.js";
import { headParts } from "./head.js";
import { hasLoneWorker, type Layout, type LayoutTensor } from "./layout.js";

/** What training changes: the adapters where the model has some, otherwise all weights. */
export function trainedLayout({ layout, adapters }: Model): Layout {
  return adapters?.layout ?? layout;
}

/** All that a program may be fed beside adapters: the layout's tensors, and the parts of the head. */
export function weightTensors({ config, layout, partRows }: Model): readonly LayoutTensor[] {
  return [...layout.tensors, ...headParts(layout, config, partRows)];
}

/** The inputs that may have a gradient, by where it belongs in the array of what is trained. */
export function trainedTensors(model: Model): readonly LayoutTensor[] {
  return model.adapters?.layout.tensors ?? weightTensors(model);
}

/** Of a model whose matrices are half as wide, or less, as a usual training batch is long. */
const NARROW = 512;

/** Not where threads share a product: one of few columns then sums in another order for two of them than for one. */
function cutsMatrices({ config, layout }: Model): boolean {
  return config.hiddenSize <= NARROW && !hasLoneWorker(layout);
}

/** @param trained  is given the inputs that training changes, which are tracked then; without it none is */
export function weightInputs(graph: Graph, model: Model, trained?: Map<string, Value>): Weights {
  const declared = new Map<string, Value>();
  return {
    adapters: model.adapters,
    manyTokens: trained !== undefined && cutsMatrices(model),
    tensor: (name) => {
      const known = declared.get(name);
      if (known) return known;
      const tracked = trained !== undefined && find(trainedTensors(model), name) !== undefined;
      const value = graph.input(name, shapeOf(model, name), { tracked });
      declared.set(name, value);
      if (tracked) trained.set(name, value);
      return value;
    },
  };
}

function shapeOf(model: Model, name: string): readonly number[] {
  const tensor = find(weightTensors(model), name) ?? find(trainedTensors(model), name);
  if (!tensor) throw new RangeError(`no weight "${name}" in this layout`);
  return tensor.shape;
}

function find(tensors: readonly LayoutTensor[], name: string): LayoutTensor | undefined {
  return tensors.find((tensor) => tensor.name === name);
}
