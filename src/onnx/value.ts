// Reads the small messages that hold no tensor: ValueInfoProto, OperatorSetIdProto, StringStringEntryProto. Each is wholly in the
// window (`Window.whole`), so these readers never yield [ONNX, onnx.proto].
import type { Dim, TensorType } from "../graph/graph.ts";
import { InputError } from "../units/input-error.ts";
import { dtypeOfNumber } from "./dtype.ts";
import { plainDomain, type RawValue } from "./proto.ts";
import type { Window } from "./window.ts";

/** Key and value of a StringStringEntryProto. */
export function readEntry(window: Window): [string, string] {
  const end = window.enter();
  let key = "";
  let value = "";
  while (window.next(end)) {
    if (window.field === 1) key = window.bufferedText();
    else if (window.field === 2) value = window.bufferedText();
    else window.skip();
  }
  window.leave();
  return [key, value];
}

/** Where PyTorch's exporter (dynamo=True) says which module a node comes from; its node names do not tell. */
const MODULE_KEY = "pkg.torch.onnx.name_scopes";

/**
 * The module that a node's metadata entry names, as a path: "['', 'layer1', 'layer1.0', 'conv2d']" gives "layer1/0". The last
 * item is the operation, the one before it the innermost module. "" when the entry is another or the module has no name.
 */
export function readModule(window: Window): string {
  const end = window.enter();
  let isModule = false;
  let path = "";
  while (window.next(end)) {
    if (window.field === 1) isModule = window.bufferedText() === MODULE_KEY;
    else if (window.field === 2 && isModule) path = /'([^']*)', '[^']*'\]$/.exec(window.bufferedText())?.[1] ?? "";
    else window.skip();
  }
  window.leave();
  return path.startsWith("_") ? "" : path.replaceAll(".", "/");
}

/** Domain ("" for ONNX's own) and version of an OperatorSetIdProto. */
export function readOpset(window: Window): [string, number] {
  const end = window.enter();
  let domain = "";
  let version = 0;
  while (window.next(end)) {
    if (window.field === 1) domain = window.bufferedText();
    else if (window.field === 2) version = window.int();
    else window.skip();
  }
  window.leave();
  return [plainDomain(domain), version];
}

/** Name and type of a ValueInfoProto. @throws InputError "bad-dimension", "unknown-dtype" */
export function readValue(window: Window): RawValue {
  const end = window.enter();
  let name = "";
  let found: FoundType | undefined;
  while (window.next(end)) {
    if (window.field === 1) name = window.bufferedText();
    else if (window.field === 2) found = readType(window);
    else window.skip();
  }
  window.leave();
  return { name, type: found === undefined ? undefined : declaredType(found, name) };
}

/** A length, a symbol, or undefined when the file gives neither. */
type FoundDim = number | string | undefined;

interface FoundType {
  readonly number: number;
  readonly dims: readonly FoundDim[] | undefined;
}

/** TypeProto: a tensor (dense or sparse); sequences, maps and optionals have no shape and give undefined. */
function readType(window: Window): FoundType | undefined {
  const end = window.enter();
  let found: FoundType | undefined;
  while (window.next(end)) {
    if (window.field === 1 || window.field === 8) found = readTensorType(window);
    else window.skip();
  }
  window.leave();
  return found;
}

function readTensorType(window: Window): FoundType {
  const end = window.enter();
  let number = 0;
  let dims: FoundDim[] | undefined;
  while (window.next(end)) {
    if (window.field === 1) number = window.int();
    else if (window.field === 2) dims = readShape(window);
    else window.skip();
  }
  window.leave();
  return { number, dims };
}

function readShape(window: Window): FoundDim[] {
  const end = window.enter();
  const dims: FoundDim[] = [];
  while (window.next(end)) {
    if (window.field === 1) dims.push(readDim(window));
    else window.skip();
  }
  window.leave();
  return dims;
}

function readDim(window: Window): FoundDim {
  const end = window.enter();
  let dim: FoundDim;
  while (window.next(end)) {
    if (window.field === 1) dim = window.int();
    else if (window.field === 2) dim = window.bufferedText();
    else window.skip();
  }
  window.leave();
  return dim;
}

/** The type as declared. An axis with neither length nor symbol gets the symbol "tensor.axis", so that it can be bound by name. */
function declaredType(found: FoundType, name: string): TensorType | undefined {
  if (found.number === 0) return undefined;
  const shape = found.dims?.map((dim, axis): Dim => {
    if (dim === undefined || dim === "" || dim === "?") return `${name}.${axis}`;
    if (typeof dim === "string" || (dim >= 0 && Number.isSafeInteger(dim))) return dim;
    throw new InputError(
      "bad-dimension",
      `tensor "${name}": axis ${axis} has length ${dim}, expected 0 or more, at most ${Number.MAX_SAFE_INTEGER}`,
      "export the model with a fixed or a named dimension (dynamic_axes or dynamic_shapes)",
    );
  });
  return { dtype: dtypeOfNumber(found.number, name), shape };
}
