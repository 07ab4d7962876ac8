// Puts the bodies of a model's local functions in place of the nodes that name them, so that what follows sees operators only.
// A function's own tensors get the calling node's name in front: "layer1/act" + "tmp" = "layer1/act/tmp". What a function is: [ONNX, IR.md "Functions"].
import { InputError } from "../units/input-error.ts";
import type {
  RawAttribute,
  RawAttributeValue,
  RawFunction,
  RawGraph,
  RawModel,
  RawNode,
  RawTensor,
  RawValue,
} from "./proto.ts";

/** Layers that a model may have when its functions are put in place; ten times the largest real exports. */
const MOST_NODES = 2_000_000;
/** Functions and bodies inside one another. */
const MOST_LEVELS = 200;

/** The model's graph without calls of local functions. @throws InputError "recursive-function", "too-many-layers" */
export function inlineFunctions(graph: RawGraph, functions: RawModel["functions"]): RawGraph {
  if (functions.length === 0) return graph;
  const byKey = new Map(functions.map((each) => [keyOf(each), each]));
  const { layers } = extentOf(graph.nodes, byKey, new Map(), 0);
  if (layers > MOST_NODES) throw tooManyLayers();
  return new Inliner(byKey, graph).expandGraph(graph);
}

/** What nodes expand to: how many layers, and how many bodies and functions lie in one another. */
interface Extent {
  readonly layers: number;
  readonly depth: number;
}

/**
 * The extent of nodes without expanding them: functions that call functions multiply.
 * @param known extents of functions; undefined while one is being found, which is how recursion shows
 * @param level bodies and functions around these nodes
 */
function extentOf(
  nodes: readonly RawNode[],
  functions: ReadonlyMap<string, RawFunction>,
  known: Map<string, Extent | undefined>,
  level: number,
): Extent {
  let layers = 0;
  let depth = 0;
  const add = (inner: Extent): void => {
    layers += inner.layers;
    depth = Math.max(depth, inner.depth + 1);
    if (depth + level > MOST_LEVELS) throw tooDeep();
  };
  const addBodies = (attributes: readonly RawAttribute[]): void => {
    for (const { value } of attributes)
      if (value?.kind === "body") add(extentOf(value.value.nodes, functions, known, level + 1));
  };
  if (level > MOST_LEVELS) throw tooDeep();
  for (const node of nodes) {
    layers++;
    addBodies(node.attributes);
    const key = keyOf({ name: node.op, domain: node.domain, overload: node.overload });
    const called = functions.get(key);
    if (called === undefined) continue;
    if (!known.has(key)) {
      known.set(key, undefined);
      addBodies(called.defaults);
      known.set(key, extentOf(called.nodes, functions, known, level + 1));
    }
    const extent = known.get(key);
    if (extent === undefined)
      throw new InputError(
        "recursive-function",
        `function "${called.name}" calls itself, directly or through others`,
        "ONNX functions cannot be recursive: export the model again",
      );
    add(extent);
  }
  return { layers, depth };
}

function tooManyLayers(): InputError {
  return new InputError(
    "too-many-layers",
    `the model's functions expand to more than ${MOST_NODES} layers`,
    "export the model without local functions, or split it",
  );
}

function tooDeep(): InputError {
  return new InputError(
    "too-many-layers",
    `the model's functions and bodies lie more than ${MOST_LEVELS} deep in one another`,
    "export the model without local functions",
  );
}

const keyOf = (called: Pick<RawFunction, "name" | "domain" | "overload">): string =>
  JSON.stringify([called.domain, called.name, called.overload]);

/** Renames tensors and replaces references while one function body is copied into its caller. */
interface Copy {
  readonly rename: (tensor: string) => string;
  /** attributes by name: the caller's, else the function's defaults */
  readonly given: ReadonlyMap<string, RawAttributeValue | undefined>;
}

/** One run over one model: keeps the names apart. */
class Inliner {
  readonly #functions: ReadonlyMap<string, RawFunction>;
  readonly #prefixes = new Set<string>();
  readonly #taken = new Set<string>();
  /** next number to try for a name that is taken, so that many equal names cost no search */
  readonly #numbers = new Map<string, number>();
  #made = 0;

  constructor(functions: ReadonlyMap<string, RawFunction>, graph: RawGraph) {
    this.#functions = functions;
    collectNames(graph, this.#taken);
  }

  expandGraph(graph: RawGraph): RawGraph {
    return { ...graph, nodes: this.#expand(graph.nodes) };
  }

  #expand(nodes: readonly RawNode[]): RawNode[] {
    const expanded: RawNode[] = [];
    for (const [index, node] of nodes.entries()) {
      // Bodies that are handed to a function as attributes may be used there more often than was counted.
      if (++this.#made > MOST_NODES) throw tooManyLayers();
      const called = this.#functions.get(keyOf({ name: node.op, domain: node.domain, overload: node.overload }));
      if (called !== undefined) this.#call(node, index, called, expanded);
      else expanded.push(this.#expandBodies(node));
    }
    return expanded;
  }

  #expandBodies(node: RawNode): RawNode {
    if (!node.attributes.some(({ value }) => value?.kind === "body")) return node;
    const attributes = node.attributes.map((attribute): RawAttribute => {
      const { value } = attribute;
      if (value?.kind !== "body") return attribute;
      return { ...attribute, value: { kind: "body", value: this.expandGraph(value.value) } };
    });
    return { ...node, attributes };
  }

  #call(node: RawNode, index: number, called: RawFunction, into: RawNode[]): void {
    const prefix = this.#unique(this.#prefixes, node.name || `${node.op}_${index}`);
    const names = new Map<string, string>([["", ""]]);
    const passed: [from: string, to: string][] = [];
    for (const [i, formal] of called.inputs.entries()) names.set(formal, node.inputs[i] ?? "");
    for (const [i, formal] of called.outputs.entries()) {
      const actual = node.outputs[i] ?? "";
      if (actual === "") continue;
      // An output that is an input, or that is given twice, has nobody else to make it.
      if (names.has(formal)) passed.push([names.get(formal)!, actual]);
      else names.set(formal, actual);
    }
    const rename = (tensor: string): string => {
      const known = names.get(tensor);
      if (known !== undefined) return known;
      const name = this.#unique(this.#taken, `${prefix}/${tensor}`);
      names.set(tensor, name);
      return name;
    };
    const given = new Map<string, RawAttributeValue | undefined>();
    for (const { name, value } of called.defaults) given.set(name, value);
    for (const { name, value } of node.attributes) given.set(name, value);
    const copy: Copy = { rename, given };
    const body = called.nodes.map((inner, i) => {
      const copied = copyNode(inner, copy);
      return { ...copied, name: `${prefix}/${inner.name || `${inner.op}_${i}`}` };
    });
    for (const inner of this.#expand(body)) into.push(inner);
    for (const [from, to] of passed) into.push(identity(`${prefix}/Identity_${into.length}`, from, to));
  }

  #unique(taken: Set<string>, stem: string): string {
    let name = stem;
    let number = this.#numbers.get(stem) ?? 1;
    while (taken.has(name)) name = `${stem}_${number++}`;
    this.#numbers.set(stem, number);
    taken.add(name);
    return name;
  }
}

function identity(name: string, from: string, to: string): RawNode {
  return { name, op: "Identity", domain: "", overload: "", inputs: [from], outputs: [to], attributes: [] };
}

function copyNode(node: RawNode, copy: Copy): RawNode {
  const attributes: RawAttribute[] = [];
  for (const attribute of node.attributes) {
    const { name, reference, value } = attribute;
    if (reference !== "") {
      const referred = copy.given.get(reference);
      if (referred !== undefined) attributes.push({ name, reference: "", value: referred });
    } else if (value?.kind === "body")
      attributes.push({ ...attribute, value: { kind: "body", value: copyGraph(value.value, copy) } });
    else attributes.push(attribute);
  }
  return { ...node, inputs: node.inputs.map(copy.rename), outputs: node.outputs.map(copy.rename), attributes };
}

/** A body inside a function: its own tensors are renamed too, so that none hides one of the caller's. */
function copyGraph(graph: RawGraph, copy: Copy): RawGraph {
  const renamed = <T extends RawValue | RawTensor>(values: readonly T[]): T[] =>
    values.map((value) => ({ ...value, name: copy.rename(value.name) }));
  return {
    name: graph.name,
    nodes: graph.nodes.map((node) => copyNode(node, copy)),
    inputs: renamed(graph.inputs),
    outputs: renamed(graph.outputs),
    values: renamed(graph.values),
    weights: renamed(graph.weights),
  };
}

/** Every tensor name that the graph and its bodies make or read. */
function collectNames(graph: RawGraph, into: Set<string>): void {
  for (const { name } of [...graph.inputs, ...graph.weights]) into.add(name);
  for (const node of graph.nodes) {
    for (const name of node.inputs) into.add(name);
    for (const name of node.outputs) into.add(name);
    for (const { value } of node.attributes) if (value?.kind === "body") collectNames(value.value, into);
  }
}
