// ONNX models encoded by hand, message by message, for tests of the reader: what no exporter would write, too.
import { bytesInMemory } from "../../src/graph/byte-source.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { Message } from "../../src/onnx/pieces.ts";
import { readOnnx } from "../../src/onnx/read.ts";
import { concatenate } from "../../src/onnx/repack.ts";
import { InputError } from "../../src/units/input-error.ts";

export const bytesOf = (message: Message): Uint8Array => concatenate(message.pieces() as Uint8Array[]);

export const opset = (version: number, domain = ""): Message => new Message().text(1, domain).int(2, version);

export function node(op: string, inputs: readonly string[], outputs: readonly string[], name = ""): Message {
  return new Message().texts(1, inputs).texts(2, outputs).text(3, name).text(4, op);
}

/** A ValueInfoProto; an axis of undefined has neither length nor symbol. */
export function value(name: string, dims: readonly (number | string | undefined)[], dtype = 1): Message {
  const shape = new Message();
  for (const dim of dims) {
    const axis = new Message();
    if (typeof dim === "number") axis.int(1, dim);
    else if (dim !== undefined) axis.text(2, dim);
    shape.message(1, axis);
  }
  const type = new Message().message(1, new Message().int(1, dtype).message(2, shape));
  return new Message().text(1, name).message(2, type);
}

interface Parts {
  readonly nodes?: readonly Message[];
  readonly inputs?: readonly Message[];
  readonly outputs?: readonly Message[];
  readonly weights?: readonly Message[];
  readonly opsets?: readonly Message[];
  readonly functions?: readonly Message[];
}

export function model(parts: Parts): Uint8Array {
  const graph = new Message();
  for (const each of parts.nodes ?? []) graph.message(1, each);
  for (const each of parts.weights ?? []) graph.message(5, each);
  for (const each of parts.inputs ?? [value("x", [2])]) graph.message(11, each);
  for (const each of parts.outputs ?? [value("y", [2])]) graph.message(12, each);
  const whole = new Message().int(1, 8).message(7, graph);
  for (const each of parts.opsets ?? [opset(17)]) whole.message(8, each);
  for (const each of parts.functions ?? []) whole.message(25, each);
  return bytesOf(whole);
}

export const read = (bytes: Uint8Array, name = "m.onnx"): Promise<Graph> => readOnnx(bytesInMemory(bytes), name);

export async function refusal(bytes: Uint8Array, name = "m.onnx"): Promise<InputError> {
  try {
    await read(bytes, name);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error("was read");
}

export const relu = node("Relu", ["x"], ["y"]);
export const tensor = (name: string, dims: readonly number[], dtype: number): Message =>
  new Message().ints(1, dims).int(2, dtype).text(8, name);
