// The small programs that keep a model's numbers on the device: in and out, sums of gradients, the embedding's rows,
// AdamW. Each is one graph for tensors of any size; those of one and of two axes have one each. The large ones, forward
// and backward, are decoder/graphs.ts's.

import { Graph, type Shape, type Value } from "../graph/graph.js";
import { compile, type Program, type Runtime } from "../graph/program.js";

/** Programs for tensors of one and of two axes, at place `rank - 1`. */
type ByRank = readonly [Program, Program];

export interface Kernels {
  /** x -> the same on the device */
  readonly upload: ByRank;
  /** x -> the same in JavaScript */
  readonly download: ByRank;
  /** x -> zeros of its shape */
  readonly zeros: ByRank;
  /** a, b -> a + b */
  readonly add: ByRank;
  /** x, sofar [1] -> sofar + sum x^2 */
  readonly squares: ByRank;
  readonly adam: ByRank;
  /** embedding [V, D], tokens [M] int32 -> [M, D] */
  readonly embed: Program;
  /** See {@link scatterGraph}. */
  readonly scatter: Program;
}

const SHAPES = [["a"], ["a", "b"]] as const satisfies readonly Shape[];

/** What a kernel calls its only result. */
export const RESULT = "result";

export async function compileKernels(runtime: Runtime): Promise<Kernels> {
  const one = (build: (graph: Graph) => Value, resident = true): Promise<Program> => {
    const graph = new Graph();
    graph.output(build(graph), RESULT);
    return compile(graph, runtime, resident ? [RESULT] : []);
  };
  const ranks = async (build: (graph: Graph, shape: Shape) => Value, resident = true): Promise<ByRank> => {
    const [first, second] = SHAPES;
    return [await one((graph) => build(graph, first), resident), await one((graph) => build(graph, second), resident)];
  };
  const same = (graph: Graph, shape: Shape): Value => graph.input("x", shape);
  return {
    upload: await ranks(same),
    download: await ranks(same, false),
    zeros: await ranks((graph, shape) => {
      const size = graph.emit("Shape", [graph.input("x", shape)], [shape.length], { type: "int64" });
      return graph.emit("Expand", [graph.scalar(0), size], shape);
    }),
    add: await ranks((graph, shape) => graph.emit("Add", [graph.input("a", shape), graph.input("b", shape)], shape)),
    squares: await ranks(squares),
    adam: [await adamProgram(runtime, SHAPES[0]), await adamProgram(runtime, SHAPES[1])],
    embed: await one((graph) =>
      graph.emit(
        "Gather",
        [graph.input("embedding", ["V", "D"]), graph.input("tokens", ["M"], { type: "int32" })],
        ["M", "D"],
      ),
    ),
    scatter: await one(scatterGraph),
  };
}

/** Row by row first: one sum over everything would be one thread's work. */
function squares(graph: Graph, shape: Shape): Value {
  const x = graph.input("x", shape);
  let sums = graph.emit("Mul", [x, x], shape);
  if (shape.length === 2) {
    sums = graph.emit("ReduceSum", [sums, graph.integers([1])], ["a"], { attributes: { keepdims: 0 } });
  }
  const sum = graph.emit("ReduceSum", [sums, graph.integers([0])], [1], { attributes: { keepdims: 1 } });
  return graph.emit("Add", [graph.input("sofar", [1]), sum], [1]);
}

/**
 * Adds rows of a batch to the rows of the tokens they stand for. Repeated tokens are summed by a product with ones and
 * zeros, which has one order; a scatter that adds has none.
 *
 * Inputs: total [V, D]; rows [M, D]; tokens [1, M] int32; distinct [U, 1] int32, each token once, and the same as
 * places [U, 1] int64.
 */
function scatterGraph(graph: Graph): Value {
  const total = graph.input("total", ["V", "D"]);
  const rows = graph.input("rows", ["M", "D"]);
  const places = graph.input("places", ["U", 1], { type: "int64" });
  const distinct = graph.input("distinct", ["U", 1], { type: "int32" });
  const tokens = graph.input("tokens", [1, "M"], { type: "int32" });
  const equal = graph.emit("Equal", [distinct, tokens], ["U", "M"], { type: "bool" });
  const ones = graph.emit("Cast", [equal], ["U", "M"], { attributes: { to: FLOAT } });
  const sums = graph.emit("MatMul", [ones, rows], ["U", "D"]);
  const kept = graph.emit("GatherND", [total, places], ["U", "D"]);
  return graph.emit("ScatterND", [total, places, graph.emit("Add", [kept, sums], ["U", "D"])], ["V", "D"]);
}

/** ONNX's number for the type. */
const FLOAT = 1;

/** Scalars of a step, in the order in which {@link Kernels.adam} is fed them as `settings`. */
export interface AdamSettings {
  /** The gradient is multiplied by it, to clip it. */
  readonly scale: number;
  readonly beta1: number;
  readonly rest1: number;
  readonly beta2: number;
  readonly rest2: number;
  /** 1 / (1 - beta2^t) */
  readonly correction: number;
  readonly epsilon: number;
  /** learning rate / (1 - beta1^t) */
  readonly rate: number;
  /** 1 - learning rate * decay */
  readonly kept: number;
}

const ADAM_SETTINGS = ["scale", "beta1", "rest1", "beta2", "rest2", "correction", "epsilon", "rate", "kept"] as const;

export function packSettings(settings: AdamSettings): Float32Array {
  return Float32Array.from(ADAM_SETTINGS, (name) => settings[name]);
}

/** The step of training/optimizer.ts; outputs `weights`, `first` and `second` are new. */
function adamProgram(runtime: Runtime, shape: Shape): Promise<Program> {
  const graph = new Graph();
  const [old, gradient, oldFirst, oldSecond] = ["old weights", "gradient", "old first", "old second"].map((name) =>
    graph.input(name, shape),
  );
  const settings = graph.input("settings", [ADAM_SETTINGS.length]);
  const parts = graph.emitMany(
    "Split",
    [settings, graph.integers(ADAM_SETTINGS.map(() => 1))],
    ADAM_SETTINGS.map(() => [1]),
    { attributes: { axis: 0 } },
  );
  const setting = (name: keyof AdamSettings): Value => parts[ADAM_SETTINGS.indexOf(name)];
  const each = (operator: string, a: Value, b: Value): Value => graph.emit(operator, [a, b], shape);
  const slope = each("Mul", gradient, setting("scale"));
  const first = each("Add", each("Mul", oldFirst, setting("beta1")), each("Mul", slope, setting("rest1")));
  const square = each("Mul", each("Mul", slope, slope), setting("rest2"));
  const second = each("Add", each("Mul", oldSecond, setting("beta2")), square);
  const root = graph.emit("Sqrt", [each("Mul", second, setting("correction"))], shape);
  const step = each("Div", each("Mul", first, setting("rate")), each("Add", root, setting("epsilon")));
  graph.output(each("Sub", each("Mul", old, setting("kept")), step), "weights");
  graph.output(first, "first");
  graph.output(second, "second");
  return compile(graph, runtime, ["weights", "first", "second"]);
}
