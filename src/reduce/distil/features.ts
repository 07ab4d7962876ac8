// Which tensors inside teacher and student are of the same places: by name, or the end of each block. The loss is learn/losses/match.ts.
import { bindDimensions } from "../../graph/bind.ts";
import { isFloat } from "../../graph/dtype.ts";
import { type Graph, type Layer, operatorKey } from "../../graph/graph.ts";
import { inferShapes } from "../../graph/shape/infer.ts";
import { logitsName } from "../../learn/frozen.ts";
import type { FeaturePair } from "../../learn/training-graph.ts";
import { InputError } from "../../units/input-error.ts";
import { unknownName } from "../../units/nearest.ts";

type Shape = readonly number[];
type Dims = Readonly<Record<string, number>>;

/** Operators that only write numbers down in another shape. */
const RESHAPES: ReadonlySet<string> = new Set(["Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Identity"]);
/** Operators that end a network in numbers by class. */
const DENSE: ReadonlySet<string> = new Set(["Gemm", "MatMul"]);

/** Float tensors that layers make, before the logits, with their shapes without the batch. */
function insides(graph: Graph, dims: Dims): ReadonlyMap<string, { readonly shape: Shape; readonly layer: Layer }> {
  const shaped = inferShapes(bindDimensions(graph, { batch: 1, dims }).graph).graph;
  const end = shaped.layers.findIndex(({ outputs }) => outputs.includes(logitsName(shaped)));
  const made = shaped.layers.slice(0, end).flatMap((layer) =>
    layer.outputs.flatMap((name) => {
      const type = shaped.tensors.get(name);
      const shape = type?.shape?.slice(1);
      const isKnown = type && isFloat(type.dtype) && shape?.every((length) => typeof length === "number");
      return isKnown ? [[name, { shape: shape as Shape, layer }] as const] : [];
    }),
  );
  return new Map(made);
}

/** The last tensor of each size of rows and columns ("14×14"), and what the last dense layer reads ("dense"). */
function blockEnds(graph: Graph, dims: Dims): ReadonlyMap<string, { readonly name: string; readonly shape: Shape }> {
  const ends = new Map<string, { readonly name: string; readonly shape: Shape }>();
  const found = insides(graph, dims);
  for (const [name, { shape }] of found) if (shape.length >= 2) ends.set(shape.slice(1).join("×"), { name, shape });
  const last = graph.layers.findLast((layer) => DENSE.has(operatorKey(layer)))?.inputs[0] ?? "";
  const dense = found.get(last);
  if (dense?.shape.length === 1 && !RESHAPES.has(operatorKey(dense.layer)))
    ends.set("dense", { name: last, shape: dense.shape });
  return ends;
}

const sizes = (ends: ReadonlyMap<string, unknown>): string => [...ends.keys()].join(", ") || "none";

/**
 * The ends of blocks of the same size, in the order of the student's layers.
 * @throws InputError "no-features" when no two are of one size
 */
export function automaticPairs(student: Graph, teacher: Graph, dims: Dims = {}): readonly FeaturePair[] {
  const [own, theirs] = [blockEnds(student, dims), blockEnds(teacher, dims)];
  const pairs = [...own].flatMap(([size, { name }]) => {
    const match = theirs.get(size);
    return match === undefined ? [] : [{ own: name, teacher: match.name, shape: match.shape }];
  });
  if (pairs.length > 0) return pairs;
  throw new InputError(
    "no-features",
    `no blocks of one size: the student has ${sizes(own)}, the teacher ${sizes(theirs)}`,
    "name tensors of the same rows and columns with --features STUDENT=TEACHER, or choose another --form",
  );
}

/**
 * Pairs that the user named, as [student's, teacher's]: a tensor, or the layer that makes it.
 * @throws InputError naming the nearest tensors, or "wrong-shape" with both shapes
 */
export function namedPairs(
  student: Graph,
  teacher: Graph,
  names: readonly (readonly [own: string, teacher: string])[],
  dims: Dims = {},
): readonly FeaturePair[] {
  const [own, theirs] = [insides(student, dims), insides(teacher, dims)];
  const find = (whose: string, tensors: typeof own, name: string) => {
    const found = [...tensors].find(([tensor, { layer }]) => tensor === name || layer.name === name);
    if (found !== undefined) return { name: found[0], shape: found[1].shape };
    const known = [...tensors.values()].map(({ layer }) => layer.name);
    throw unknownName(`layer of the ${whose}`, name, known, `\`joulecast inspect\` lists the layers of the ${whose}`);
  };
  return names.map(([left, right]) => {
    const [a, b] = [find("student", own, left), find("teacher", theirs, right)];
    if (a.shape.slice(1).join() === b.shape.slice(1).join() && a.shape.length === b.shape.length)
      return { own: a.name, teacher: b.name, shape: b.shape };
    throw new InputError(
      "wrong-shape",
      `"${left}" of the student is [${a.shape.join(", ")}], "${right}" of the teacher [${b.shape.join(", ")}]: only the first number may differ`,
      "pair layers of the same rows and columns",
    );
  });
}
