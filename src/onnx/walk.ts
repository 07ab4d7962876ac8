// One pass over a ModelProto: graphs, nodes, attributes and functions, without their weights [ONNX, onnx.proto]. Field order is free, fields
// that are not known are passed over. Checking names and making the Graph is assemble.ts.
import {
  plainDomain,
  type RawAttribute,
  type RawAttributeValue,
  type RawFunction,
  type RawGraph,
  type RawModel,
  type RawNode,
  type RawTensor,
  type RawValue,
} from "./proto.ts";
import { walkSparse, walkTensor } from "./tensor.ts";
import { readModule, readOpset, readValue } from "./value.ts";
import { HEAD_BYTES, MOST_WHOLE_BYTES, type Walk, type Window } from "./window.ts";

/** Longest entry of a node's metadata that is looked at. */
const MOST_METADATA_BYTES = 16 * 1024;

/** Reads the whole file. */
export function* walkModel(window: Window): Walk<RawModel> {
  const opsets = new Map<string, number>();
  const functions: RawFunction[] = [];
  let graph: RawGraph | undefined;
  for (;;) {
    if (window.short) yield HEAD_BYTES;
    if (!window.next(window.size)) break;
    if (window.field === 7) graph = yield* walkGraph(window);
    else if (window.field === 8) yield* walkOpset(window, opsets);
    else if (window.field === 25) functions.push(yield* walkFunction(window));
    else window.skip();
  }
  return { opsets, graph, functions };
}

function* walkOpset(window: Window, opsets: Map<string, number>): Walk<void> {
  yield* window.whole();
  const [domain, version] = readOpset(window);
  opsets.set(domain, Math.max(version, opsets.get(domain) ?? 0));
}

function* walkGraph(window: Window): Walk<RawGraph> {
  const end = window.enter();
  const nodes: RawNode[] = [];
  const inputs: RawValue[] = [];
  const outputs: RawValue[] = [];
  const values: RawValue[] = [];
  const weights: RawTensor[] = [];
  let name = "";
  for (;;) {
    if (window.short) yield HEAD_BYTES;
    if (!window.next(end)) break;
    switch (window.field) {
      case 1:
        nodes.push(yield* walkNode(window));
        break;
      case 2:
        name = yield* window.text();
        break;
      case 5:
        weights.push(yield* walkTensor(window));
        break;
      case 11:
        inputs.push(yield* walkValue(window));
        break;
      case 12:
        outputs.push(yield* walkValue(window));
        break;
      case 13:
        values.push(yield* walkValue(window));
        break;
      case 15:
        weights.push(yield* walkSparse(window));
        break;
      default:
        window.skip();
    }
  }
  window.leave();
  return { name, nodes, inputs, outputs, values, weights };
}

function* walkValue(window: Window): Walk<RawValue> {
  yield* window.whole();
  return readValue(window);
}

function* walkNode(window: Window): Walk<RawNode> {
  const end = window.enter();
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: RawAttribute[] = [];
  let [name, op, domain, overload, module] = ["", "", "", "", ""];
  for (;;) {
    if (window.short) yield HEAD_BYTES;
    if (!window.next(end)) break;
    switch (window.field) {
      case 1:
        inputs.push(yield* window.text());
        break;
      case 2:
        outputs.push(yield* window.text());
        break;
      case 3:
        name = yield* window.text();
        break;
      case 4:
        op = yield* window.text();
        break;
      case 5:
        attributes.push(yield* walkAttribute(window));
        break;
      case 7:
        domain = plainDomain(yield* window.text());
        break;
      case 8:
        overload = yield* window.text();
        break;
      case 9:
        // Metadata are for people; long ones (stack traces) are not worth the reading.
        if (window.length > MOST_METADATA_BYTES) window.skip();
        else {
          yield* window.whole();
          module = readModule(window) || module;
        }
        break;
      default:
        window.skip();
    }
  }
  window.leave();
  if (op === "") throw window.damaged("a node names no operator");
  if (module !== "" && name !== "" && !name.includes("/")) name = `${module}/${name}`;
  return { name, op, domain, overload, inputs, outputs, attributes };
}

/** AttributeProto.type of the kinds that we keep; sparse, type and list-of-tensor or -graph attributes are passed over. */
const KIND_BY_TYPE: ReadonlyMap<number, RawAttributeValue["kind"]> = new Map([
  [1, "float"],
  [2, "int"],
  [3, "string"],
  [4, "tensor"],
  [5, "body"],
  [6, "floats"],
  [7, "ints"],
  [8, "strings"],
]);

/** Reads an attribute. A declared kind without value is the kind's zero, as proto3 writers leave zeros out. */
function* walkAttribute(window: Window): Walk<RawAttribute> {
  const end = window.enter();
  const floats: number[] = [];
  const ints: number[] = [];
  const strings: string[] = [];
  const found = new Map<RawAttributeValue["kind"], RawAttributeValue>();
  const keep = (value: RawAttributeValue) => found.set(value.kind, value);
  let [name, reference] = ["", ""];
  let type: number | undefined;
  for (;;) {
    if (window.short) yield HEAD_BYTES;
    if (!window.next(end)) break;
    switch (window.field) {
      case 1:
        name = yield* window.text();
        break;
      case 2:
        keep({ kind: "float", value: window.float32() });
        break;
      case 3:
        keep({ kind: "int", value: window.int() });
        break;
      case 4:
        // A blob (a compiled network as an attribute) is no text: passed over.
        if (window.length > MOST_WHOLE_BYTES) window.skip();
        else keep({ kind: "string", value: yield* window.text() });
        break;
      case 5: {
        const { type, ref } = yield* walkTensor(window);
        keep({ kind: "tensor", type, value: ref });
        break;
      }
      case 6:
        keep({ kind: "body", value: yield* walkGraph(window) });
        break;
      case 7:
        yield* window.floats(floats);
        break;
      case 8:
        yield* window.ints(ints);
        break;
      case 9:
        strings.push(yield* window.text());
        break;
      case 20:
        type = window.int();
        break;
      case 21:
        reference = yield* window.text();
        break;
      case 22: {
        const { type, ref } = yield* walkSparse(window);
        keep({ kind: "tensor", type, value: ref });
        if (name === "sparse_value") name = "value"; // of Constant: the same number, written densely
        break;
      }
      default:
        window.skip();
    }
  }
  window.leave();
  if (floats.length > 0) keep({ kind: "floats", value: floats });
  if (ints.length > 0) keep({ kind: "ints", value: ints });
  if (strings.length > 0) keep({ kind: "strings", value: strings });
  const kind = type === undefined || type === 0 ? undefined : KIND_BY_TYPE.get(type);
  const declared = kind === undefined ? undefined : (found.get(kind) ?? zeroOf(kind));
  return { name, reference, value: declared ?? found.values().next().value };
}

function zeroOf(kind: RawAttributeValue["kind"]): RawAttributeValue | undefined {
  if (kind === "tensor" || kind === "body") return undefined;
  if (kind === "int" || kind === "float") return { kind, value: 0 };
  return kind === "string" ? { kind, value: "" } : { kind, value: [] };
}

function* walkFunction(window: Window): Walk<RawFunction> {
  const end = window.enter();
  const inputs: string[] = [];
  const outputs: string[] = [];
  const defaults: RawAttribute[] = [];
  const nodes: RawNode[] = [];
  const opsets = new Map<string, number>();
  let [name, domain, overload] = ["", "", ""];
  for (;;) {
    if (window.short) yield HEAD_BYTES;
    if (!window.next(end)) break;
    switch (window.field) {
      case 1:
        name = yield* window.text();
        break;
      case 4:
        inputs.push(yield* window.text());
        break;
      case 5:
        outputs.push(yield* window.text());
        break;
      case 7:
        nodes.push(yield* walkNode(window));
        break;
      case 9:
        yield* walkOpset(window, opsets);
        break;
      case 10:
        domain = plainDomain(yield* window.text());
        break;
      case 11:
        defaults.push(yield* walkAttribute(window));
        break;
      case 13:
        overload = yield* window.text();
        break;
      default:
        window.skip();
    }
  }
  window.leave();
  return { name, domain, overload, inputs, outputs, defaults, nodes, opsets };
}
