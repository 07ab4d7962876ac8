// Control flow: If, Loop and Scan run bodies of their own. A rule here says with which types a body is entered, how often
// it runs, and what comes out [ONNX]. It gets the walk over a body as an argument; the walk itself is infer.ts.
import { InputError } from "../../units/input-error.ts";
import { graphAttribute, intAttribute, intsAttribute } from "../attributes.ts";
import { type ConstantValue, type Dim, type Graph, type TensorType, UNKNOWN_DIM } from "../graph.ts";
import { axisOf, contradiction, hasInput, type Shape, typed } from "./dims.ts";
import type { ShapeContext } from "./rule.ts";
import type { ShapedBody, ShapedGraph } from "./shaped.ts";

/** What is known of one tensor that enters or leaves a body. */
export interface KnownTensor {
  readonly type: TensorType | undefined;
  readonly value?: ConstantValue | undefined;
}

/** A control-flow layer, and the walk over its bodies. */
export interface ControlContext extends ShapeContext {
  /** Trip count of loops that do not say theirs. */
  readonly tripCount: number | undefined;
  /** Infers a body entered with these inputs. */
  infer(body: Graph, inputs: readonly KnownTensor[]): ShapedGraph;
}

/** What a control-flow layer came to. */
export interface ControlFlow {
  readonly outputs: readonly KnownTensor[];
  readonly bodies: readonly ShapedBody[];
  readonly assumptions: readonly string[];
  /** Why its work cannot be counted. */
  readonly unknown?: string;
}

type ControlRule = (c: ControlContext) => ControlFlow;

const TRIP_COUNT_UNKNOWN = "trip count not known; give it with --trip-count";

/** Loops that mean "until the condition fails" have the largest int64 as their count. */
const ENDLESS = 2 ** 31;

function bodyOf(c: ControlContext, name: string): Graph {
  const body = graphAttribute(c.layer, name);
  if (body === undefined) throw contradiction(c, `attribute ${name} is missing, expected a graph`);
  return body;
}

/** Type and numbers of a body's outputs. */
function outputsOf(shaped: ShapedGraph): readonly KnownTensor[] {
  return shaped.graph.outputs.map((name) => ({
    type: shaped.graph.tensors.get(name),
    value: shaped.constants.get(name),
  }));
}

/** What two shapes have in common: lengths that differ are unknown, another number of axes leaves nothing. */
function commonShape(a: Shape | undefined, b: Shape | undefined): Shape | undefined {
  if (a === undefined || b === undefined || a.length !== b.length) return undefined;
  return a.map((dim, i) => (dim === b[i] ? dim : UNKNOWN_DIM));
}

const commonType = (a: TensorType | undefined, b: TensorType | undefined): TensorType | undefined =>
  a === undefined || b === undefined ? undefined : typed(a.dtype, commonShape(a.shape, b.shape));

const sameShape = (a: TensorType | undefined, b: TensorType | undefined): boolean =>
  a?.shape?.join() === b?.shape?.join() && (a?.shape === undefined) === (b?.shape === undefined);

const BRANCHES = ["then_branch", "else_branch"] as const;

/** The branch taken when the condition is known; else what both have in common, and the costlier one counts. */
const branch: ControlRule = (c) => {
  const condition = c.constant(0)?.data[0];
  if (condition !== undefined) {
    const name = BRANCHES[condition !== 0 ? 0 : 1];
    const shaped = c.infer(bodyOf(c, name), []);
    return { outputs: outputsOf(shaped), bodies: [{ name, shaped, times: 1 }], assumptions: [] };
  }
  const possible: { readonly name: string; readonly shaped: ShapedGraph }[] = [];
  let impossible: InputError | undefined;
  for (const name of BRANCHES) {
    try {
      possible.push({ name, shaped: c.infer(bodyOf(c, name), []) });
    } catch (error) {
      if (!(error instanceof InputError) || error.code !== "shape-contradiction") throw error;
      impossible = error;
    }
  }
  const [first, second] = possible;
  if (first === undefined) throw impossible!;
  const title = `layer "${c.layer.name}" (If)`;
  if (second === undefined) {
    const assumption = `${title}: ${first.name} is taken, the other branch does not fit the shapes`;
    return { outputs: outputsOf(first.shaped), bodies: [{ ...first, times: 1 }], assumptions: [assumption] };
  }
  const others = outputsOf(second.shaped);
  return {
    outputs: outputsOf(first.shaped).map(({ type }, i) => ({ type: commonType(type, others[i]?.type) })),
    bodies: possible.map((body) => ({ ...body, times: 1, choose: "max" })),
    assumptions: [`${title}: which branch runs is not known; the one with more work counts`],
  };
};

/** Walks until the carried types stay: lengths that change from one iteration to the next become unknown. */
function settle(
  c: ControlContext,
  body: Graph,
  before: readonly KnownTensor[],
  carried: readonly (TensorType | undefined)[],
  after: readonly KnownTensor[],
  firstOutput: number,
): { readonly shaped: ShapedGraph; readonly carried: readonly (TensorType | undefined)[] } {
  const shaped = c.infer(body, [...before, ...carried.map((type) => ({ type })), ...after]);
  const out = outputsOf(shaped);
  const next = carried.map((type, i) => commonType(type, out[firstOutput + i]?.type));
  if (next.every((type, i) => sameShape(type, carried[i]))) return { shaped, carried };
  return settle(c, body, before, next, after, firstOutput);
}

/** The count a Loop says, or the one given for those that do not. */
function loopTimes(
  c: ControlContext,
  continues: number | undefined,
): { times: number | undefined; assumption?: string } {
  const title = `layer "${c.layer.name}" (Loop)`;
  const most = c.constant(0)?.data[0];
  const starts = c.constant(1)?.data[0];
  const counted = most !== undefined && most < ENDLESS;
  if (starts === 0 || (counted && most <= 0)) return { times: 0 };
  if (continues === 0) return { times: 1 };
  // Nothing computed before or in the body can end it early.
  const always = continues === 1 && (starts === 1 || !hasInput(c, 1));
  if (counted && always) return { times: most };
  if (c.tripCount !== undefined) {
    const times = counted ? Math.min(most, c.tripCount) : c.tripCount;
    return { times, assumption: `${title}: ${times} iterations, as given` };
  }
  if (counted)
    return { times: most, assumption: `${title}: ${most} iterations, an upper bound: its condition may end it sooner` };
  return { times: undefined };
}

/** Inputs M, condition, carried …; body inputs iteration, condition, carried …; outputs condition, carried …, collected …. */
const loop: ControlRule = (c) => {
  const body = bodyOf(c, "body");
  const count = Math.max(0, c.layer.inputs.length - 2);
  const before: KnownTensor[] = [
    { type: { dtype: "int64", shape: [] } },
    // A body runs only while the condition holds.
    { type: { dtype: "bool", shape: [] }, value: { dtype: "bool", shape: [], data: [1] } },
  ];
  const { shaped, carried } = settle(c, body, before, c.inputs.slice(2), [], 1);
  const out = outputsOf(shaped);
  const { times, assumption } = loopTimes(c, out[0]?.value?.data[0]);
  const collected = out.slice(1 + count).map(({ type }) => ({
    type: typed(type?.dtype, type?.shape && [times ?? UNKNOWN_DIM, ...type.shape]),
  }));
  return {
    outputs: [...carried.map((type) => ({ type })), ...collected],
    bodies: [{ name: "body", shaped, times }],
    assumptions: assumption === undefined ? [] : [assumption],
    ...(times === undefined ? { unknown: TRIP_COUNT_UNKNOWN } : {}),
  };
};

/** States first, then the tensors walked along one axis each; the length of that axis is the trip count. */
const scan: ControlRule = (c) => {
  const body = bodyOf(c, "body");
  if (c.opset < 9) return { outputs: [], bodies: [], assumptions: [], unknown: "Scan of opset 8 is not supported" };
  const walked = intAttribute(c.layer, "num_scan_inputs", 0);
  const states = c.inputs.length - walked;
  if (walked < 1 || states < 0)
    throw contradiction(c, `num_scan_inputs is ${walked}, expected 1 to ${c.inputs.length}`);
  const inAxes = intsAttribute(c.layer, "scan_input_axes") ?? [];
  const outAxes = intsAttribute(c.layer, "scan_output_axes") ?? [];
  let length: Dim = UNKNOWN_DIM;
  const slices = c.inputs.slice(states).map((type, i): KnownTensor => {
    if (type?.shape === undefined) return { type: typed(type?.dtype, undefined) };
    const axis = axisOf(c, inAxes[i] ?? 0, type.shape.length);
    const dim = type.shape[axis]!;
    if (typeof length === "number" && typeof dim === "number" && dim !== length)
      throw contradiction(c, `scanned axes have ${length} and ${dim} elements, expected the same`);
    length = length === UNKNOWN_DIM || typeof dim === "number" ? dim : length;
    return { type: typed(type.dtype, type.shape.toSpliced(axis, 1)) };
  });
  const { shaped, carried } = settle(c, body, [], c.inputs.slice(0, states), slices, 0);
  const times = typeof length === "number" ? length : c.tripCount;
  const collected = outputsOf(shaped)
    .slice(states)
    .map(({ type }, i): KnownTensor => {
      if (type?.shape === undefined) return { type };
      const axis = axisOf(c, outAxes[i] ?? 0, type.shape.length + 1);
      return { type: typed(type.dtype, type.shape.toSpliced(axis, 0, length)) };
    });
  const assumed = times !== undefined && typeof length !== "number";
  return {
    outputs: [...carried.map((type) => ({ type })), ...collected],
    bodies: [{ name: "body", shaped, times }],
    assumptions: assumed ? [`layer "${c.layer.name}" (Scan): ${times} iterations, as given`] : [],
    ...(times === undefined ? { unknown: TRIP_COUNT_UNKNOWN } : {}),
  };
};

/** Control-flow operators by operatorKey. */
export const CONTROL_TABLE: Readonly<Record<string, ControlRule>> = { If: branch, Loop: loop, Scan: scan };
