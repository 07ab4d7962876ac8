// .onnx bytes -> Graph, without loading weights: a 2 GB file costs as much as its nodes. External data files are never opened.
// Not here: shape inference (graph/shape), reading a weight when one is wanted (weights.ts), writing (write.ts).
import type { ByteSource } from "../graph/byte-source.ts";
import type { Graph } from "../graph/graph.ts";
import { InputError } from "../units/input-error.ts";
import { assemble } from "./assemble.ts";
import { HEAD_LENGTH, hintFor, recogniseFormat } from "./formats.ts";
import { inlineFunctions } from "./inline.ts";
import type { RawGraph, RawModel } from "./proto.ts";
import { walkModel } from "./walk.ts";
import { drive, Window } from "./window.ts";

/** Oldest operator set that is read: before 7 broadcasting and normalisation meant something else. */
const OLDEST_OPSET = 7;
/** Newest operator set that the shape and work rules were written for; newer files are read, see `readOnnx`. */
const NEWEST_OPSET = 24;

/**
 * Reads a model file.
 *
 * - Layers are in topological order (file order where that is one) with unique names; local functions are inlined. Names of
 *   PyTorch's newer exporter ("node_conv2d") get the module in front, which that exporter keeps apart: "layer1/0/conv1/node_conv2d".
 * - Weights up to 4096 bytes are inline; larger ones are byte ranges of the file, of an external file, or runs of a typed field.
 * - Types are those the file declares. For tensors between layers they are a hint: inference overrides them. An axis
 *   without length or symbol gets the symbol "tensor.axis".
 * - A file of an operator set above 24 is read all the same (`opsets` tells): what changed since shows as an unknown operator.
 * - Left out: documentation, metadata, training graphs, attributes that are lists of tensors or graphs, texts over 4 MiB.
 *
 * @param name the file's name, as messages call it; without ".onnx" it is the Graph's name
 * @throws InputError with code "empty-file", "not-onnx", "damaged-onnx", "truncated", "unsupported-opset", "unknown-dtype",
 *   "bad-dimension", "contradictory-tensor", "external-data-outside", "bad-external-data", "missing-tensor", "duplicate-tensor",
 *   "cyclic-graph", "recursive-function" or "too-many-layers"
 */
export async function readOnnx(source: ByteSource, name: string): Promise<Graph> {
  if (source.size === 0)
    throw new InputError("empty-file", `"${name}" is empty, expected an ONNX model`, hintFor(name));
  const other = recogniseFormat(await source.read(0, Math.min(source.size, HEAD_LENGTH)), source.size);
  if (other !== undefined)
    throw new InputError("not-onnx", `"${name}" is ${other.what}, expected an ONNX model`, other.hint);
  const window = new Window(source, name, hintFor(name));
  const model = await drive(walkModel(window), window);
  if (model.graph === undefined || (model.graph.nodes.length === 0 && model.graph.outputs.length === 0))
    throw new InputError("not-onnx", `"${name}" holds no network, expected an ONNX model with a graph`, hintFor(name));
  const graph = inlineFunctions(model.graph, model.functions);
  return assemble(graph, name.replace(/\.onnx$/i, ""), checkedOpsets(model, graph, name));
}

/** Operator sets of the model and its functions, without domains that only functions had. @throws InputError "unsupported-opset" */
function checkedOpsets(model: RawModel, inlined: RawGraph, name: string): Map<string, number> {
  const used = new Set<string>();
  collectDomains(inlined, used);
  const opsets = new Map(model.opsets);
  for (const { opsets: own } of model.functions)
    for (const [domain, version] of own) if (!opsets.has(domain)) opsets.set(domain, version);
  for (const { domain } of model.functions) if (!used.has(domain)) opsets.delete(domain);
  const version = opsets.get("") ?? (used.has("") ? 1 : OLDEST_OPSET);
  if (version >= OLDEST_OPSET) return opsets;
  throw new InputError(
    "unsupported-opset",
    `"${name}" uses ONNX operator set ${version}, expected ${OLDEST_OPSET} to ${NEWEST_OPSET}`,
    'convert it in Python: onnx.save(onnx.version_converter.convert_version(onnx.load("old.onnx"), 17), "new.onnx")',
  );
}

function collectDomains(graph: RawGraph, into: Set<string>): void {
  for (const node of graph.nodes) {
    into.add(node.domain);
    for (const { value } of node.attributes) if (value?.kind === "body") collectDomains(value.value, into);
  }
}
