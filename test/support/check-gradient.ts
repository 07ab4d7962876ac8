// One operator's gradient rule against central finite differences: y = op(inputs), L = Σ y·r with fixed random r.
import { type AttributeValue, NetworkBuilder } from "../../src/graph/build.ts";
import type { DataType } from "../../src/graph/dtype.ts";
import { Emitter } from "../../src/learn/gradient/emitter.ts";
import { Pass } from "../../src/learn/gradient/pass.ts";
import { seededRandom } from "../../src/math/random.ts";
import { openGraph } from "./run-graph.ts";

export interface OperatorCase {
  /** What is special about this case. */
  readonly note?: string;
  readonly op: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** Shapes of the inputs that are differentiated, in front of `constants`. */
  readonly shapes: readonly (readonly number[])[];
  /** Inputs after those: fixed tensors, or undefined for one left out. Float ones take the case's type. */
  readonly constants?: readonly (
    | { readonly dtype: DataType; readonly data: readonly number[]; readonly shape?: readonly number[] }
    | undefined
  )[];
  /** Position of the first differentiated input among all. Default 0. */
  readonly first?: number;
  /** Default float64. Some operators of ONNX Runtime have no float64 form. */
  readonly dtype?: "float32" | "float64";
  /** Numbers are uniform between these. Default −2 and 2. */
  readonly range?: readonly [number, number];
  readonly outputs?: number;
  readonly opset?: number;
}

export interface Deviation {
  /** ‖analytic − numeric‖ / ‖numeric‖ over all differentiated inputs. */
  readonly relative: number;
  readonly norm: number;
}

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Distinct numbers, so that no two of a window are nearly equal: a grid in random order. */
function distinct(count: number, [low, high]: readonly [number, number], seed: number): number[] {
  const random = seededRandom(seed);
  const grid = Array.from(
    { length: count },
    (_, i) => low + ((i + 0.25 + 0.5 * random.uniform()) / count) * (high - low),
  );
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [grid[i], grid[j]] = [grid[j]!, grid[i]!];
  }
  return grid;
}

export async function checkOperator(check: OperatorCase): Promise<Deviation> {
  const { op, domain = "", shapes, constants = [], first = 0, dtype = "float64", range = [-2, 2], outputs = 1 } = check;
  const opset = check.opset ?? 17;
  const build = (gradient: boolean) => {
    const empty = {
      name: "case",
      inputs: [],
      outputs: [],
      layers: [],
      tensors: new Map(),
      weights: new Map(),
      opsets: new Map(),
    };
    const b = NetworkBuilder.from({ graph: empty, constants: new Map() }, opset);
    const variables = shapes.map((shape, i) => b.input(`v${i}`, shape, dtype));
    const fixed = constants.map((constant, i) =>
      constant === undefined
        ? ""
        : b.constant(`c${i}`, constant.dtype === "float32" ? dtype : constant.dtype, constant.data, constant.shape),
    );
    const inputs = [...fixed.slice(0, first), ...variables, ...fixed.slice(first)];
    const e = new Emitter(b, opset);
    const pass = new Pass(e, opset, variables);
    const layer = {
      name: "under test",
      op,
      domain,
      inputs,
      outputs: Array.from({ length: outputs }, (_, i) => `y${i}`),
      attributes: attributesOf(check),
    };
    pass.forward(layer, { statistics: "batch", seed: () => b.input("seed", [], "int64"), carry: () => undefined });
    const loss = pass.written(() => {
      const parts = layer.outputs.flatMap((output, i) => {
        const y = pass.nameOf(output);
        if (e.dtype(y) !== dtype) return [];
        const weights = e.constant(dtype, distinct(product(e.shape(y)), [-1, 1], 77 + i), e.shape(y));
        return e.sumAll(e.mul(y, weights));
      });
      return parts.reduce((x, y) => e.add(x, y));
    });
    b.output(loss);
    const gradients = gradient ? pass.gradients(new Map([[loss, e.scalar(1, loss)]])) : new Map<string, string>();
    const found = variables.map((variable) => gradients.get(variable)!);
    if (gradient) for (const name of found) b.output(name);
    return { graph: b.graph(), variables, loss, found };
  };
  const values = Object.fromEntries(shapes.map((shape, i) => [`v${i}`, distinct(product(shape), range, 5 + i)]));
  const feeds = { ...values, seed: [11] };
  const analytic = build(true);
  const results = await (await openGraph(analytic.graph)).run(feeds);
  const forward = build(false);
  const session = await openGraph(forward.graph);
  const step = dtype === "float64" ? 1e-5 : 1e-2;
  let [error, norm] = [0, 0];
  for (const [i, variable] of analytic.variables.entries()) {
    const own = values[variable]!;
    const given = results[analytic.found[i]!]!;
    for (const [k, x] of own.entries()) {
      const at = async (moved: number) => {
        const out = await session.run({ ...feeds, [variable]: own.with(k, moved) });
        return out[forward.loss]![0]!;
      };
      const [up, down] = [Math.fround(x + step), Math.fround(x - step)];
      const numeric = ((await at(up)) - (await at(down))) / (up - down);
      error += (given[k]! - numeric) ** 2;
      norm += numeric ** 2;
    }
  }
  return { relative: Math.sqrt(error / Math.max(norm, 1e-30)), norm: Math.sqrt(norm) };
}

function attributesOf({ attributes = {} }: OperatorCase) {
  const b = new NetworkBuilder("attributes");
  b.input("x", [1]);
  b.layer("Identity", ["x"], { attributes });
  return b.graph().layers[0]!.attributes;
}
