import { describe, expect, it } from "vitest";
import { InputError } from "../../units/input-error.ts";
import { bindDimensions } from "../bind.ts";
import { NetworkBuilder } from "../build.ts";
import type { Attribute, ConstantValue, Graph, Layer, TensorType } from "../graph.ts";
import { encodeNumbers } from "../numbers.ts";
import { inferShapes } from "./infer.ts";

type Types = Readonly<Record<string, TensorType>>;

const float = (...shape: (number | string)[]): TensorType => ({ dtype: "float32", shape });
const int = (value: number): ConstantValue => ({ dtype: "int64", shape: [], data: [value] });

const layer = (
  name: string,
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): Layer => ({ name, op, domain: "", inputs, outputs, attributes: new Map(Object.entries(attributes)) });

/** A graph by hand. `constants` become inline weights, `declared` types of tensors. */
function graphOf(parts: {
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly layers: readonly Layer[];
  readonly declared?: Types;
  readonly constants?: Readonly<Record<string, ConstantValue>>;
}): Graph {
  const { inputs = [], outputs = [], layers, declared = {}, constants = {} } = parts;
  const tensors = new Map(Object.entries(declared));
  for (const [name, { dtype, shape }] of Object.entries(constants)) tensors.set(name, { dtype, shape });
  return {
    name: "by hand",
    inputs,
    outputs,
    layers,
    tensors,
    weights: new Map(
      Object.entries(constants).map(([name, { dtype, data }]) => [
        name,
        { kind: "inline", bytes: encodeNumbers(dtype, data) },
      ]),
    ),
    opsets: new Map([["", 17]]),
  };
}

const body = (value: Graph): Attribute => ({ kind: "graph", value });

/** The chain PyTorch writes for x.view(x.size(0), -1). */
function flattenChain(batch: number | string): Graph {
  return graphOf({
    inputs: ["x"],
    outputs: ["y"],
    declared: { x: float(batch, 512, 7, 7) },
    constants: {
      zero: int(0),
      axes: { dtype: "int64", shape: [1], data: [0] },
      rest: { dtype: "int64", shape: [1], data: [-1] },
    },
    layers: [
      layer("shape", "Shape", ["x"], ["s"]),
      layer("gather", "Gather", ["s", "zero"], ["n"], { axis: { kind: "int", value: 0 } }),
      layer("unsqueeze", "Unsqueeze", ["n", "axes"], ["n1"]),
      layer("concat", "Concat", ["n1", "rest"], ["target"], { axis: { kind: "int", value: 0 } }),
      layer("reshape", "Reshape", ["x", "target"], ["y"]),
    ],
  });
}

describe("inferShapes", () => {
  it("folds PyTorch's flatten chain, which then costs nothing", () => {
    const shaped = inferShapes(flattenChain(4));
    expect(shaped.graph.tensors.get("y")).toEqual(float(4, 25088));
    expect(shaped.constants.get("target")?.data).toEqual([4, -1]);
    expect([...shaped.folded]).toEqual(["shape", "gather", "unsqueeze", "concat"]);
    expect(shaped.unknown).toEqual([]);
  });

  it("passes symbols through and says no more than it knows", () => {
    const shaped = inferShapes(flattenChain("batch"));
    expect(shaped.graph.tensors.get("y")).toEqual(float("?", "?"));
    expect(shaped.folded.size).toBe(0);
  });

  it("changes nothing of a graph that is complete, and is idempotent", () => {
    const b = new NetworkBuilder("tiny");
    const w = b.weight("w", [8, 3, 3, 3], { kind: "constant", value: 1 });
    const y = b.layer("Relu", [b.layer("Conv", [b.input("x", ["N", 3, 9, 9]), w])]);
    b.output(b.layer("GlobalAveragePool", [y]));
    const once = inferShapes(b.graph());
    expect(once.graph.tensors).toEqual(b.graph().tensors);
    expect(inferShapes(once.graph).graph).toEqual(once.graph);
  });

  it("uses what the file declares where it knows nothing itself", () => {
    const declared = { x: float(2, 3), a: float("n", 3), b: float(5, 3), c: float("k", 2) };
    const layers = [
      layer("relu", "Relu", ["x"], ["a"]),
      layer("odd", "NoSuchOperator", ["a"], ["b"]),
      layer("nonzero", "NonZero", ["b"], ["d"]),
      layer("where", "Transpose", ["d"], ["c"]),
    ];
    const { graph, unknown } = inferShapes(graphOf({ inputs: ["x"], layers, declared }));
    expect(graph.tensors.get("a")).toEqual(float(2, 3));
    expect(graph.tensors.get("b")).toEqual(float(5, 3));
    expect(graph.tensors.get("c")).toEqual({ dtype: "int64", shape: ["k", 2] });
    expect(unknown).toEqual([{ layer: "odd", op: "NoSuchOperator", reason: "no rule" }]);
  });

  it.each([
    ["another rank", [float(7, 7, 7)]],
    ["another length", [float(1, 99), "y"]],
  ])("refuses a declared shape of %s than its layer gives", (_, [declared, output = "end"]) => {
    const layers = [layer("relu", "Relu", ["x"], ["y"]), layer("last", "Relu", ["y"], ["end"])];
    const types = { x: float(1, 4), y: declared as TensorType };
    const graph = graphOf({ inputs: ["x"], outputs: [output as string], layers, declared: types });
    const shown = (declared as TensorType).shape!.join(", ");
    const message = `layer "relu" (Relu): tensor "y": the file declares [${shown}], its layer gives [1, 4]; expected the same`;
    expect(() => inferShapes(graph)).toThrow(expect.objectContaining({ code: "shape-contradiction", message }));
  });

  it("takes symbols for no contradiction, nor what was declared for another choice of open lengths", () => {
    const layers = [layer("relu", "Relu", ["x"], ["y"]), layer("last", "Relu", ["y"], ["z"])];
    const open = (y: TensorType) =>
      graphOf({ inputs: ["x"], outputs: ["z"], layers, declared: { x: float("N", 4), y, z: float(1, 4) } });
    expect(inferShapes(open(float("M", 4))).graph.tensors.get("y")).toEqual(float("N", 4));
    const shaped = inferShapes(bindDimensions(open(float(1, 4)), { batch: 3 }).graph);
    expect(shaped.graph.tensors.get("z")).toEqual(float(3, 4));
    expect(shaped.assumptions).toEqual([
      'tensor "y": the file declares [1, 4], its layer gives [3, 4], which counts (and 1 more such)',
    ]);
    const rewritten = graphOf({ inputs: ["x"], layers, declared: { x: float(1, 4), y: float(1, 4) } });
    expect(inferShapes(bindDimensions(rewritten, { batch: 3 }).graph).assumptions).toEqual([]);
  });

  it("refuses tensors made on the way, or declared, that no machine holds", () => {
    const target: ConstantValue = { dtype: "int64", shape: [2], data: [2 ** 31 - 1, 2 ** 31 - 1] };
    const declared = { x: float(1), y: float(2 ** 21, 2 ** 21) };
    const expand = layer("expand", "Expand", ["x", "target"], ["z"]);
    const made = graphOf({ inputs: ["x"], layers: [expand], declared: { x: float(1) }, constants: { target } });
    expect(() => inferShapes(made)).toThrow(
      'layer "expand" (Expand): the output [2147483647, 2147483647] would have 4611686014132420600 elements, expected at most 1099511627776',
    );
    const odd = graphOf({ inputs: ["x"], layers: [layer("odd", "Odd", ["x"], ["y"])], declared });
    expect(() => inferShapes(odd)).toThrow(expect.objectContaining({ code: "bad-dimension" }));
  });

  it("goes on with unknown shapes behind an unknown operator", () => {
    const layers = [
      layer("odd", "NoSuchOperator", ["x"], ["a"]),
      layer("conv", "Conv", ["a", "x"], ["b"]),
      layer("add", "Add", ["b", "x"], ["c"]),
    ];
    const shaped = inferShapes(graphOf({ inputs: ["x"], layers, declared: { x: float(2, 3, 3) } }));
    expect(shaped.graph.tensors.get("c")).toEqual({ dtype: "float32", shape: undefined });
  });

  it("does not take names of JavaScript for operators", () => {
    const shaped = inferShapes(graphOf({ inputs: ["x"], layers: [layer("l", "constructor", ["x"], ["y"])] }));
    expect(shaped.unknown[0]?.op).toBe("constructor");
  });

  it("names the layer of a contradiction, both values and the next step", () => {
    const layers = [layer("block1/add", "Add", ["x", "y"], ["z"])];
    const graph = graphOf({ inputs: ["x", "y"], layers, declared: { x: float(2, 3), y: float(4, 3) } });
    const error = (() => {
      try {
        inferShapes(graph);
      } catch (caught) {
        return caught as InputError;
      }
      throw new Error("no contradiction");
    })();
    expect(error).toBeInstanceOf(InputError);
    expect(error.code).toBe("shape-contradiction");
    expect(error.message).toBe('layer "block1/add" (Add): shapes [2, 3] and [4, 3] do not broadcast');
    expect(error.hint).toContain("--batch");
  });
});

describe("If", () => {
  const branchOf = (op: string, out: string): Graph =>
    graphOf({ outputs: [out], layers: [layer(op.toLowerCase(), op, ["x"], [out])] });

  function conditional(condition: ConstantValue | undefined, x: TensorType): Graph {
    const bodies = { then_branch: body(branchOf("Squeeze", "t")), else_branch: body(branchOf("Identity", "e")) };
    return graphOf({
      inputs: condition === undefined ? ["x", "c"] : ["x"],
      outputs: ["y"],
      declared: { x, c: { dtype: "bool", shape: [] } },
      constants: condition === undefined ? {} : { c: condition },
      layers: [layer("if", "If", ["c"], ["y"], bodies)],
    });
  }
  const truth = (value: number): ConstantValue => ({ dtype: "bool", shape: [], data: [value] });

  it("takes the branch of a known condition", () => {
    const taken = inferShapes(conditional(truth(1), float(1, 4)));
    expect(taken.graph.tensors.get("y")).toEqual(float(4));
    expect(taken.bodies.get("if")?.map(({ name, times, choose }) => [name, times, choose])).toEqual([
      ["then_branch", 1, undefined],
    ]);
    expect(inferShapes(conditional(truth(0), float(1, 4))).graph.tensors.get("y")).toEqual(float(1, 4));
  });

  it("lists both branches of an unknown one, and says so", () => {
    const shaped = inferShapes(conditional(undefined, float(2, 4)));
    expect(shaped.graph.tensors.get("y")).toEqual(float(2, 4));
    expect(shaped.bodies.get("if")?.map(({ name, choose }) => [name, choose])).toEqual([
      ["then_branch", "max"],
      ["else_branch", "max"],
    ]);
    expect(shaped.assumptions).toEqual([
      'layer "if" (If): which branch runs is not known; the one with more work counts',
    ]);
    expect(inferShapes(conditional(undefined, float(1, 4))).graph.tensors.get("y")).toEqual({
      dtype: "float32",
      shape: undefined,
    });
  });

  it("drops a branch that does not fit the shapes", () => {
    const squeeze = layer("squeeze", "Squeeze", ["x"], ["t"], { axes: { kind: "ints", value: [0] } });
    const bodies = {
      then_branch: body(graphOf({ outputs: ["t"], layers: [squeeze] })),
      else_branch: body(branchOf("Identity", "e")),
    };
    const declared = { x: float(2, 4), c: { dtype: "bool", shape: [] } as const };
    const shaped = inferShapes(
      graphOf({ inputs: ["x", "c"], declared, layers: [layer("if", "If", ["c"], ["y"], bodies)] }),
    );
    expect(shaped.graph.tensors.get("y")).toEqual(float(2, 4));
    expect(shaped.bodies.get("if")?.map(({ name }) => name)).toEqual(["else_branch"]);
    expect(shaped.assumptions[0]).toContain("else_branch is taken");
  });
});

describe("Loop", () => {
  const step = graphOf({
    inputs: ["i", "cond", "state"],
    outputs: ["cond_out", "next", "state"],
    layers: [layer("keep", "Identity", ["cond"], ["cond_out"]), layer("product", "MatMul", ["state", "w"], ["next"])],
  });
  const loopOf = (constants: Readonly<Record<string, ConstantValue>>, loopBody: Graph = step): Graph =>
    graphOf({
      inputs: ["x", "w", "m"].filter((name) => !(name in constants)),
      outputs: ["last", "all"],
      declared: { x: float(2, 8), w: float(8, 8), m: { dtype: "int64", shape: [] } },
      constants,
      layers: [layer("loop", "Loop", ["m", "", "x"], ["last", "all"], { body: body(loopBody) })],
    });

  it("runs as often as its input says, and collects so many", () => {
    const shaped = inferShapes(loopOf({ m: int(5) }));
    expect(shaped.graph.tensors.get("last")).toEqual(float(2, 8));
    expect(shaped.graph.tensors.get("all")).toEqual(float(5, 2, 8));
    const [only] = shaped.bodies.get("loop")!;
    expect(only?.times).toBe(5);
    expect(only?.shaped.graph.tensors.get("next")).toEqual(float(2, 8));
    expect(shaped.unknown).toEqual([]);
  });

  it("gives a body the outer weights it reads", () => {
    const w: ConstantValue = { dtype: "float32", shape: [8, 8], data: new Array<number>(64).fill(1) };
    const [only] = inferShapes(loopOf({ m: int(5), w })).bodies.get("loop")!;
    expect(only?.shaped.graph.weights.has("w")).toBe(true);
    expect(only?.shaped.graph.tensors.get("w")).toEqual(float(8, 8));
  });

  it("reports a count nobody knows, and takes the one that is given", () => {
    const open = inferShapes(loopOf({}));
    expect(open.unknown).toEqual([
      { layer: "loop", op: "Loop", reason: "trip count not known; give it with --trip-count" },
    ]);
    expect(open.bodies.get("loop")?.[0]?.times).toBeUndefined();
    expect(open.graph.tensors.get("all")).toEqual(float("?", 2, 8));
    const given = inferShapes(loopOf({}), { tripCount: 7 });
    expect(given.unknown).toEqual([]);
    expect(given.bodies.get("loop")?.[0]?.times).toBe(7);
    expect(given.assumptions).toEqual(['layer "loop" (Loop): 7 iterations, as given']);
    expect(inferShapes(loopOf({ m: { ...int(0), data: [2 ** 63] } })).unknown).toHaveLength(1);
    expect(() => inferShapes(loopOf({}), { tripCount: -1 })).toThrow("trip count -1");
  });

  it("takes a count with a condition for the most it can be", () => {
    const until = graphOf({
      inputs: ["i", "cond", "state"],
      outputs: ["go", "state", "state"],
      declared: { go: { dtype: "bool", shape: [] } },
      layers: [layer("test", "Less", ["i", "m"], ["go"])],
    });
    const shaped = inferShapes(loopOf({ m: int(9) }, until));
    expect(shaped.bodies.get("loop")?.[0]?.times).toBe(9);
    expect(shaped.assumptions).toEqual([
      'layer "loop" (Loop): 9 iterations, an upper bound: its condition may end it sooner',
    ]);
  });

  it("says so too where the condition at the start is not known", () => {
    const graph = loopOf({ m: int(5) });
    const live = graphOf({ inputs: ["i", "cond", "state"], outputs: ["cond", "state", "state"], layers: [] });
    const started = (condition: string): Graph => ({
      ...graph,
      inputs: [...graph.inputs, "start"],
      tensors: new Map([...graph.tensors, ["start", { dtype: "bool", shape: [] }]]),
      layers: graph.layers.map((each) => ({
        ...each,
        inputs: each.inputs.with(1, condition),
        attributes: new Map([...each.attributes, ["body", body(live)]]),
      })),
    });
    const sentence = 'layer "loop" (Loop): 5 iterations, an upper bound: its condition may end it sooner';
    expect(inferShapes(started("start")).assumptions).toEqual([sentence]);
    expect(inferShapes(started("")).assumptions).toEqual([]);
  });

  it("forgets lengths that grow from one iteration to the next", () => {
    const growing = graphOf({
      inputs: ["i", "cond", "state"],
      outputs: ["cond", "grown"],
      layers: [layer("grow", "Concat", ["state", "state"], ["grown"], { axis: { kind: "int", value: 0 } })],
    });
    expect(inferShapes(loopOf({ m: int(3) }, growing)).graph.tensors.get("last")).toEqual(float("?", 8));
  });

  it("reports what a body cannot tell under the loop's name", () => {
    const odd = graphOf({
      inputs: ["i", "cond", "s"],
      outputs: ["cond", "t"],
      layers: [layer("odd", "Odd", ["s"], ["t"])],
    });
    expect(inferShapes(loopOf({ m: int(3) }, odd)).unknown).toEqual([
      { layer: "loop/odd", op: "Odd", reason: "no rule" },
    ]);
  });
});

describe("Scan", () => {
  const cell = graphOf({
    inputs: ["h", "x"],
    outputs: ["h1", "y"],
    layers: [layer("add", "Add", ["h", "x"], ["h1"]), layer("out", "Identity", ["h1"], ["y"])],
  });
  const scanOf = (x: TensorType, attributes: Readonly<Record<string, Attribute>> = {}): Graph =>
    graphOf({
      inputs: ["h0", "xs"],
      declared: { h0: float(2, 8), xs: x },
      layers: [
        layer("scan", "Scan", ["h0", "xs"], ["h", "ys"], {
          body: body(cell),
          num_scan_inputs: { kind: "int", value: 1 },
          ...attributes,
        }),
      ],
    });

  it("runs along its axis", () => {
    const shaped = inferShapes(scanOf(float(6, 2, 8)));
    expect(shaped.bodies.get("scan")?.[0]?.times).toBe(6);
    expect(shaped.graph.tensors.get("h")).toEqual(float(2, 8));
    expect(shaped.graph.tensors.get("ys")).toEqual(float(6, 2, 8));
  });

  it("keeps axes where it is told to, and symbols", () => {
    const axes = {
      scan_input_axes: { kind: "ints", value: [1] },
      scan_output_axes: { kind: "ints", value: [-1] },
    } as const;
    const shaped = inferShapes(scanOf(float(2, "T", 8), axes));
    expect(shaped.graph.tensors.get("ys")).toEqual(float(2, 8, "T"));
    expect(shaped.unknown[0]?.reason).toContain("trip count not known");
  });
});

describe("folding stops at weights", () => {
  it("keeps a layer whose small float weight changes its form, so that it is still counted as a weight", () => {
    const b = new NetworkBuilder("token");
    const image = b.input("image", [1, 4, 32]);
    const token = b.constant("token", "float32", new Array<number>(32).fill(0.5), [1, 1, 32]);
    const shape = b.constant("shape", "int64", [1, 1, 32]);
    b.output(
      b.layer("Concat", [b.layer("Expand", [token, shape], { name: "expand" }), image], { attributes: { axis: 1 } }),
    );
    expect([...inferShapes(b.graph()).folded]).toEqual([]);
  });
});
