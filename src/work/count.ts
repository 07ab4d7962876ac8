// What a network does: walks a shaped graph once and counts each layer by its rule. Pure and linear in the layers.
// Nothing is guessed: an operator without rule, or whose shapes are not known, goes to `unknown` and into no sum.
// Left out because they do not run in a pass: folded shape arithmetic, constants, and conversions of weights (weights.ts).
import { batchOf } from "../graph/bind.ts";
import { type DataType, isFloat, sizeBytesOf } from "../graph/dtype.ts";
import { elementCount, type Layer, operatorKey, type TensorType } from "../graph/graph.ts";
import type { ShapedGraph } from "../graph/shape/infer.ts";
import { InputError } from "../units/input-error.ts";
import { blocksOf } from "./block.ts";
import { plus, times } from "./extent.ts";
import { keptBytes, peakBytes, type Step } from "./liveness.ts";
import type { WorkContext, WorkRule } from "./rule.ts";
import { constantOf, isFixed, isUpstream, makeScope, opsetOf, originOf, readsOf, type Scope, typeOf } from "./scope.ts";
import { CONTROL_FLOW, UNCOUNTABLE, WORK_TABLE } from "./table.ts";
import { flopsOf, sumBlocks, sumWork } from "./total.ts";
import { backwardOperations, OPTIMISERS, type Optimiser, optimiserStep } from "./training.ts";
import { type Role, roleOf, type WeightOrigin } from "./weights.ts";
import type { LayerWork, Operations, UnknownWork, WorkReport } from "./work.ts";

export interface CountOptions {
  /** Default "inference": one forward pass. "training": forward, backward and optimiser step. */
  readonly phase?: "inference" | "training";
  /** For training only. Default "sgd". */
  readonly optimiser?: Optimiser;
}

/** What the walk gathers; `counted` holds the keys of weights whose parameters have been counted. */
interface Tally {
  readonly rows: Omit<LayerWork, "block">[];
  readonly unknown: UnknownWork[];
  readonly assumptions: Set<string>;
  readonly counted: Set<string>;
  readonly training: boolean;
  readonly optimiser: Optimiser;
}

/** One input of a layer with its role. */
interface Operand {
  readonly name: string;
  readonly index: number;
  readonly role: Role;
  readonly type: TensorType;
  readonly origin: WeightOrigin | undefined;
  /** Bytes of the whole tensor as it is stored. */
  readonly sizeBytes: number;
}

/**
 * Counts one pass of the batch that the shapes say.
 * @param shaped a graph with its shapes inferred; unbound dimensions make their layers unknown
 * @throws InputError "too-large" for totals above 2^53 − 1
 */
export function countWork(shaped: ShapedGraph, options: CountOptions = {}): WorkReport {
  const { phase = "inference", optimiser = "sgd" } = options;
  const training = phase === "training";
  const tally: Tally = {
    rows: [],
    unknown: [],
    assumptions: new Set(shaped.assumptions),
    counted: new Set(),
    training,
    optimiser,
  };
  if (training) {
    tally.assumptions.add(`optimiser ${optimiser}: ${OPTIMISERS[optimiser].equation} ${OPTIMISERS[optimiser].source}`);
    tally.assumptions.add("training step without the loss function; all activations are kept for the backward pass");
  }
  const peakActivationBytes = countScope(makeScope(shaped), tally);
  const blocks = blocksOf(tally.rows.map((row) => row.name));
  const layers = tally.rows.map((row): LayerWork => ({ ...row, block: blocks.get(row.name)! }));
  const total = sumWork(layers);
  checkTotals({ ...total, peakActivationBytes });
  return {
    name: shaped.graph.name,
    phase,
    batch: batchOf(shaped.graph),
    layers,
    blocks: sumBlocks(layers),
    total,
    peakActivationBytes,
    unknown: tally.unknown,
    assumptions: [...tally.assumptions],
  };
}

/** Sums beyond 2^53 are no longer exact, and no machine does them in one pass. */
function checkTotals(sizes: Readonly<Record<string, number>>): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (size > Number.MAX_SAFE_INTEGER)
      throw new InputError(
        "too-large",
        `the total of ${name} is ${size}, expected at most ${Number.MAX_SAFE_INTEGER}`,
        "the file may be damaged; else give a smaller --batch, --dim or --trip-count",
      );
  }
}

/** Bytes of an activation; 0 for weights, constants, what stays codes and what is not known. */
function activationBytes(scope: Scope, name: string, training: boolean): number {
  if (!training && scope.codes.read.has(name)) return 0;
  if (originOf(scope, name) !== undefined || isFixed(scope, name)) return 0;
  return bytesOf(typeOf(scope, name)) ?? 0;
}

function bytesOf(type: TensorType | undefined): number | undefined {
  const elements = elementCount(type);
  return type === undefined || elements === undefined ? undefined : sizeBytesOf(type.dtype, elements);
}

/** Counts all layers of a graph and returns its peak of activation bytes. */
function countScope(scope: Scope, tally: Tally): number {
  const { graph } = scope.shaped;
  const steps = scope.active.map((layer): Step => {
    const insideBytes = CONTROL_FLOW.has(operatorKey(layer)) ? countBodies(scope, layer, tally) : 0;
    const view = insideBytes === 0 && isView(ruleOf(layer), tally.training);
    if (!CONTROL_FLOW.has(operatorKey(layer))) countLayer(scope, layer, tally);
    return { inputs: readsOf(scope.shaped, layer), outputs: layer.outputs, view, insideBytes };
  });
  const sizeOf = (name: string) => activationBytes(scope, name, tally.training);
  return tally.training
    ? keptBytes(graph.inputs, steps, sizeOf) * scope.times
    : peakBytes(graph.inputs, graph.outputs, steps, sizeOf);
}

function ruleOf(layer: Layer): WorkRule | undefined {
  const key = operatorKey(layer);
  return Object.hasOwn(WORK_TABLE, key) ? WORK_TABLE[key] : undefined;
}

const isView = (rule: WorkRule | undefined, training: boolean): boolean =>
  rule?.view === true || (rule?.view === "inference" && !training);

/** Loop and Scan: the body as often as it runs. If: the branch that costs more, unless only one can be taken. */
function countBodies(scope: Scope, layer: Layer, tally: Tally): number {
  const name = scope.prefix + layer.name;
  const bodies = scope.shaped.bodies.get(layer.name) ?? [];
  const given = layer.inputs.some((input) => isUpstream(scope, input));
  const tried = bodies.flatMap((body) => {
    if (body.times === undefined) return [];
    const counted = bodies.length > 1 ? new Set(tally.counted) : tally.counted;
    const branch: Tally = { ...tally, rows: [], unknown: [], counted };
    const inside = makeScope(body.shaped, scope, `${name}/`, scope.times * body.times);
    if (given) for (const input of body.shaped.graph.inputs) inside.upstream.add(input);
    const peak = countScope(inside, branch);
    const flows = body.shaped.graph.outputs.some((output) => isUpstream(inside, output));
    return [{ name: body.name, branch, peak, flows, flops: flopsIn(branch) }];
  });
  const [first, ...others] = tried;
  if (first === undefined) {
    const reason = reasonOf(scope, layer, "body not known");
    tally.unknown.push({ layer: name, op: operatorKey(layer), reason });
    return 0;
  }
  const taken = others.reduce((best, next) => (next.flops > best.flops ? next : best), first);
  if (others.length > 0)
    tally.assumptions.add(`layer "${name}": ${taken.name} is the branch with more work and counts`);
  for (const row of taken.branch.rows) tally.rows.push(row);
  for (const entry of taken.branch.unknown) tally.unknown.push(entry);
  for (const key of taken.branch.counted) tally.counted.add(key);
  if (taken.flows) for (const output of layer.outputs) scope.upstream.add(output);
  return taken.peak;
}

const flopsIn = ({ rows }: Tally): number => rows.reduce((flops, row) => flops + row.flops, 0);

/** Why shape inference gave up on this layer, else `fallback`. */
const reasonOf = ({ shaped }: Scope, layer: Layer, fallback: string): string =>
  shaped.unknown.find((entry) => entry.layer === layer.name)?.reason ?? fallback;

function whyNot(scope: Scope, layer: Layer, hasRule: boolean, hasShapes: boolean): string {
  const key = operatorKey(layer);
  if (!hasRule) return Object.hasOwn(UNCOUNTABLE, key) ? UNCOUNTABLE[key]! : "no rule";
  return hasShapes ? "shapes do not fit the rule" : reasonOf(scope, layer, "shape not known");
}

function countLayer(scope: Scope, layer: Layer, tally: Tally): void {
  const rule = ruleOf(layer);
  const context = rule === undefined ? undefined : contextOf(scope, layer);
  const row = rule && context ? layerWork(scope, layer, rule, context, tally) : undefined;
  if (row !== undefined && Number.isFinite(row.flops)) return void tally.rows.push(row);
  const reason = whyNot(scope, layer, rule !== undefined, row !== undefined);
  tally.unknown.push({ layer: scope.prefix + layer.name, op: operatorKey(layer), reason });
  // a gradient may run through what cannot be counted
  if (layer.inputs.some((name) => isUpstream(scope, name)))
    for (const output of layer.outputs) scope.upstream.add(output);
}

/** Types of all inputs and used outputs, or undefined when one has no numeric shape. */
function contextOf(scope: Scope, layer: Layer): WorkContext | undefined {
  const known = (name: string): TensorType | undefined => {
    const type = typeOf(scope, name);
    return elementCount(type) === undefined ? undefined : type;
  };
  const inputs = layer.inputs.map((name) => (name === "" ? undefined : known(name)));
  const outputs = layer.outputs.map((name) => (name === "" ? undefined : known(name)));
  const missing = (type: TensorType | undefined, name: string | undefined) => type === undefined && name !== "";
  if (inputs.some((type, i) => missing(type, layer.inputs[i]))) return undefined;
  if (outputs.some((type, i) => missing(type, layer.outputs[i]) && (i === 0 || scope.used.has(layer.outputs[i]!))))
    return undefined;
  return {
    layer,
    opset: opsetOf(scope, layer),
    inputs,
    outputs,
    constant: (index) => {
      const name = layer.inputs[index];
      return name === undefined || name === "" ? undefined : constantOf(scope, name);
    },
  };
}

function operandsOf(scope: Scope, layer: Layer, rule: WorkRule, context: WorkContext, training: boolean): Operand[] {
  return layer.inputs.flatMap((name, index): Operand[] => {
    const type = context.inputs[index];
    if (type === undefined) return [];
    const origin = originOf(scope, name);
    const role = origin !== undefined ? roleOf(rule, index, origin) : isFixed(scope, name) ? "setting" : "activation";
    const dtype = (training ? undefined : scope.codes.read.get(name)) ?? type.dtype;
    return [{ name, index, role, type, origin, sizeBytes: origin?.sizeBytes ?? bytesOf({ ...type, dtype })! }];
  });
}

/** True when a gradient of this input is wanted. */
function isWanted(scope: Scope, { name, role, type, origin }: Operand): boolean {
  if (!isFloat(type.dtype)) return false;
  return role === "weight" ? isFloat(origin!.dtype) : role === "activation" && isUpstream(scope, name);
}

function layerWork(
  scope: Scope,
  layer: Layer,
  rule: WorkRule,
  context: WorkContext,
  tally: Tally,
): Omit<LayerWork, "block"> {
  const operands = operandsOf(scope, layer, rule, context, tally.training);
  const owned = ownWeights(operands, rule, context, tally.counted);
  const { dropped, joined, written } = scope.codes;
  const isDropped = !tally.training && dropped.has(layer.name);
  const movesNothing = isView(rule, tally.training) || isDropped || (!tally.training && joined.has(layer.name));
  const moved = movedBytes(layer, rule, context, operands, movesNothing, tally.training ? undefined : written);
  const own = (tally.training ? rule.trainingForward : undefined)?.(context) ?? rule.forward(context);
  const forward = times(own, isDropped ? 0 : 1);
  const step = tally.training ? trainingStep(scope, layer, rule, context, operands, owned, tally) : NO_STEP;
  const runs = scope.times;
  const operations = plus(times(plus(forward, step.pass), runs), step.update);
  const activations = operands.filter(({ role }) => role === "activation");
  return {
    name: scope.prefix + layer.name,
    op: operatorKey(layer),
    dtype:
      (tally.training ? undefined : codeType(scope, rule, operands, operations)) ??
      arithmeticType(rule, context, operands, operations),
    inputShape: context.inputs[0]?.shape,
    outputShape: context.outputs[0]?.shape,
    inputElements: runs * sum(activations.map(({ type }) => elementCount(type)!)),
    outputElements: runs * sum(context.outputs.map((type) => elementCount(type) ?? 0)),
    ...operations,
    flops: flopsOf(operations),
    params: owned.params,
    buffers: owned.buffers,
    weightBytes: owned.weightBytes,
    readBytes: runs * (moved.readBytes + step.readBytes) + step.updateReadBytes,
    writtenBytes: runs * (moved.writtenBytes + step.writtenBytes) + step.updateWrittenBytes,
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

interface Owned {
  readonly params: number;
  readonly buffers: number;
  readonly weightBytes: number;
  /** Of the params, those that a gradient can train (float as stored). */
  readonly trainable: number;
  readonly trainableBytes: number;
}

/** Weights and buffers that no earlier layer has used; marks them as counted. */
function ownWeights(operands: readonly Operand[], rule: WorkRule, context: WorkContext, counted: Set<string>): Owned {
  const owned = { params: 0, buffers: 0, weightBytes: 0, trainable: 0, trainableBytes: 0 };
  for (const { role, origin, index } of operands) {
    if ((role !== "weight" && role !== "buffer") || origin === undefined || counted.has(origin.key)) continue;
    counted.add(origin.key);
    const elements = rule.weightElements?.(context, index) ?? origin.elements;
    owned[role === "weight" ? "params" : "buffers"] += elements;
    owned.weightBytes += origin.sizeBytes;
    if (role === "weight" && isFloat(origin.dtype)) {
      owned.trainable += elements;
      owned.trainableBytes += origin.sizeBytes;
    }
  }
  return owned;
}

/** Each tensor read once, in part where the rule says so; a view moves nothing. */
function movedBytes(
  layer: Layer,
  rule: WorkRule,
  context: WorkContext,
  operands: readonly Operand[],
  view: boolean,
  codes?: ReadonlyMap<string, DataType>,
): { readBytes: number; writtenBytes: number } {
  if (view) return { readBytes: 0, writtenBytes: 0 };
  const seen = new Set<string>();
  let readBytes = 0;
  for (const { name, index, type, origin, sizeBytes } of operands) {
    if (seen.has(name)) continue;
    seen.add(name);
    const part = rule.elementsRead?.(context, index);
    readBytes += part === undefined ? sizeBytes : sizeBytesOf(origin?.dtype ?? type.dtype, part);
  }
  const writtenBytes = sum(
    context.outputs.map((type, i) => {
      const name = layer.outputs[i];
      if (type === undefined || name === undefined || name === "") return 0;
      return bytesOf({ ...type, dtype: codes?.get(name) ?? type.dtype }) ?? 0;
    }),
  );
  return { readBytes, writtenBytes };
}

/** Type of the codes that are multiplied, where both matrix operands are codes. */
function codeType(
  scope: Scope,
  rule: WorkRule,
  operands: readonly Operand[],
  { macs }: Operations,
): DataType | undefined {
  if (macs === 0) return undefined;
  const [first, second] = (rule.operands ?? [0, 1]).map((index) => {
    const operand = operands.find((one) => one.index === index);
    if (operand?.origin?.dequantised === true) return operand.origin.dtype;
    return operand && scope.codes.read.get(operand.name);
  });
  return second === undefined ? undefined : first;
}

/** Type of the arithmetic: of the first matrix operand, else of the first float activation, else of the first input or output. */
function arithmeticType(
  rule: WorkRule,
  context: WorkContext,
  operands: readonly Operand[],
  { macs }: Operations,
): DataType {
  const matrix = macs > 0 ? operands.find(({ index }) => index === (rule.operands?.[0] ?? 0)) : undefined;
  const main = matrix ?? operands.find(({ type }) => isFloat(type.dtype)) ?? operands[0];
  return main?.type.dtype ?? context.outputs[0]?.dtype ?? "float32";
}

interface TrainingStep {
  /** Backward arithmetic of one run, and the optimiser's of one step. */
  readonly pass: Operations;
  readonly update: Operations;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly updateReadBytes: number;
  readonly updateWrittenBytes: number;
}

const NO_STEP: TrainingStep = {
  pass: times({}, 0),
  update: times({}, 0),
  readBytes: 0,
  writtenBytes: 0,
  updateReadBytes: 0,
  updateWrittenBytes: 0,
};

/**
 * Backward: reads the outputs' gradients and the inputs again, writes the gradients wanted; then the optimiser on the
 * weights that this layer owns. Marks the outputs through which a gradient runs.
 */
function trainingStep(
  scope: Scope,
  layer: Layer,
  rule: WorkRule,
  context: WorkContext,
  operands: readonly Operand[],
  owned: Owned,
  { optimiser }: Tally,
): TrainingStep {
  const reached = layer.outputs.some(
    (name, i) => scope.needed.has(name) && isFloat(context.outputs[i]?.dtype ?? "bool"),
  );
  const asked = reached ? operands.filter((operand) => isWanted(scope, operand)) : [];
  if (asked.length === 0) return NO_STEP;
  const wanted = layer.inputs.map((_, index) => asked.some((operand) => operand.index === index));
  layer.outputs.forEach((name, i) => {
    if (isFloat(context.outputs[i]?.dtype ?? "bool")) scope.upstream.add(name);
  });
  const view = isView(rule, true);
  const moved = movedBytes(layer, rule, context, operands, view);
  const update = optimiserStep(optimiser, owned.trainable, owned.trainableBytes);
  return {
    pass: backwardOperations(rule, context, { wanted }),
    update: update.operations,
    readBytes: moved.readBytes + moved.writtenBytes,
    writtenBytes: view ? 0 : sum(asked.map(({ sizeBytes }) => sizeBytes)),
    updateReadBytes: update.readBytes,
    updateWrittenBytes: update.writtenBytes,
  };
}
