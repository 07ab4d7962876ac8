// From gradients to new parameters, for any optimiser: small tensors are updated together in bundles (a hundred biases are
// one operator, not a hundred), gradients are clipped by their global norm and gathered over several passes when asked.
import type { TensorType } from "../../graph/graph.ts";
import { InputError } from "../../units/input-error.ts";
import { type Emitter, productOf } from "../gradient/emitter.ts";
import type { OptimiserSpec, StateTensor } from "../training-graph.ts";
import { optimiserOf } from "./table.ts";

export interface UpdateOptions {
  readonly optimiser: OptimiserSpec;
  readonly clipNorm?: number;
  readonly accumulate?: number;
}

/** What the update asks of the graph that it is appended to. */
export interface UpdateInputs {
  /** A setting's input. */
  setting(name: "lr" | "step" | "apply"): string;
  /** A new input that is carried, zero before the first step. */
  moment(name: string, type: TensorType): string;
  /** `value` is what `input` becomes. */
  carry(input: string, value: string): void;
}

/** Tensors below this size are updated together; larger ones fill a core's cache by themselves. */
const SMALL = 16_384;
/** Small tensors in one bundle at most. */
const TOGETHER = 16;

/** Parameters that are updated as one tensor. */
interface Bundle {
  readonly name: string;
  readonly parameters: readonly string[];
}

/**
 * Neighbours in the network are updated together. ONNX Runtime works backwards from the last result: updates that stand in the
 * network's order, and do not reach over all of it, let it forget a layer's gradients before it comes to the layer below.
 */
function bundlesOf(e: Emitter, parameters: readonly string[], elementwise: boolean): readonly Bundle[] {
  const bundles: { readonly name: string; readonly parameters: string[] }[] = [];
  const open = new Map<string, string[]>();
  for (const parameter of parameters) {
    if (!elementwise || productOf(e.shape(parameter)) >= SMALL) {
      bundles.push({ name: parameter, parameters: [parameter] });
      continue;
    }
    const dtype = e.dtype(parameter);
    const members = open.get(dtype);
    if (members !== undefined && members.length < TOGETHER) {
      members.push(parameter);
      continue;
    }
    const fresh = [parameter];
    open.set(dtype, fresh);
    const before = bundles.filter(({ name }) => name.startsWith(`small_${dtype}`)).length;
    bundles.push({ name: `small_${dtype}${before === 0 ? "" : `_${before + 1}`}`, parameters: fresh });
  }
  return bundles;
}

const flat = (e: Emitter, x: string): string => e.reshape(x, [productOf(e.shape(x))]);

/** One tensor for all members: itself when it is alone. */
function joined(e: Emitter, members: readonly string[]): string {
  return members.length === 1
    ? members[0]!
    : e.concat(
        members.map((member) => flat(e, member)),
        0,
      );
}

function parted(e: Emitter, whole: string, members: readonly string[]): readonly string[] {
  if (members.length === 1) return [whole];
  const parts = e.split(
    whole,
    members.map((member) => productOf(e.shape(member))),
    0,
  );
  return members.map((member, i) => e.reshape(parts[i]!, e.shape(member)));
}

/** g·min(1, limit/‖all g‖) [Pascanu2013], with PyTorch's 1e-6 beside the norm. */
function clipped(e: Emitter, gradients: readonly string[], limit: number): readonly string[] {
  if (!(limit > 0))
    throw new InputError("bad-option", `the gradient norm to clip at is ${limit}, expected above 0`, "choose 1, say");
  const squares = gradients.map((g) => e.sumAll(e.square(g)));
  const norm = e.op("Sqrt", [squares.length === 1 ? squares[0]! : e.op("Sum", squares)]);
  const factor = e.op("Min", [e.div(limit, e.add(norm, 1e-6)), e.scalar(1, norm)]);
  return gradients.map((g) => e.mul(g, factor));
}

/**
 * 1 − βᵗ, once for all parameters, reckoned in float64: β₂ = 0.999 as a float32 puts the first steps off by 1e-5, enough to leave
 * the curve of another framework by 1e-3 after a hundred steps.
 */
function corrections(e: Emitter, step: () => string): (beta: number) => string {
  const made = new Map<number, string>();
  return (beta) => {
    const power = () => e.op("Pow", [e.constant("float64", [beta], []), e.cast(step(), "float64")]);
    const correction = made.get(beta) ?? e.cast(e.sub(1, power()), e.dtype(step()));
    made.set(beta, correction);
    return correction;
  };
}

/** Appends the update. @param gradients by parameter */
export function appendUpdate(
  e: Emitter,
  gradients: ReadonlyMap<string, string>,
  inputs: UpdateInputs,
  options: UpdateOptions,
): void {
  const { optimiser, clipNorm, accumulate = 1 } = options;
  if (!(Number.isInteger(accumulate) && accumulate >= 1))
    throw new InputError("bad-option", `accumulate is ${accumulate}, expected a whole number from 1`, "choose 4, say");
  const rule = optimiserOf(optimiser);
  const bundles = bundlesOf(e, [...gradients.keys()], rule.elementwise);
  const typeOf = (x: string): TensorType => ({ dtype: e.dtype(x), shape: e.shape(x) });
  let whole: readonly string[] = bundles.map(({ parameters }) =>
    joined(
      e,
      parameters.map((parameter) => gradients.get(parameter)!),
    ),
  );
  const apply =
    accumulate === 1 ? undefined : e.op("Greater", [inputs.setting("apply"), e.constant("float32", [0.5], [])]);
  if (apply !== undefined) {
    whole = whole.map((g, i) => {
      const gathered = inputs.moment(`${bundles[i]!.name}/gathered`, typeOf(g));
      const total = e.add(gathered, e.mul(g, 1 / accumulate));
      inputs.carry(gathered, e.op("Where", [apply, e.scalar(0, total), total]));
      return total;
    });
  }
  if (clipNorm !== undefined) whole = clipped(e, whole, clipNorm);
  const chosen = (fresh: string, old: string): string =>
    apply === undefined ? fresh : e.op("Where", [apply, fresh, old]);
  const correction = corrections(e, () => inputs.setting("step"));
  bundles.forEach(({ name, parameters }, i) => {
    const gradient = whole[i]!;
    const parameter = joined(e, parameters);
    const moments = rule.moments(optimiser).map((moment) => inputs.moment(`${name}/${moment}`, typeOf(gradient)));
    const context = { e, parameter, gradient, moments, lr: inputs.setting("lr"), correction };
    const updated = e.b.scope(name, () => rule.update(context, optimiser));
    moments.forEach((moment, k) => {
      inputs.carry(moment, chosen(updated.moments[k]!, moment));
    });
    parted(e, chosen(updated.parameter, parameter), parameters).forEach((part, k) => {
      inputs.carry(parameters[k]!, part);
    });
  });
}

/** Numbers of a moment before the first step. */
export const ZERO: StateTensor["initial"] = { kind: "seeded", initialiser: { kind: "constant", value: 0 } };
