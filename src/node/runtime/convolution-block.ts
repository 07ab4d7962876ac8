// How many channels ONNX Runtime's blocked convolutions take together on this processor: 16 or 8, or none where it has no such
// convolutions. Its operators for them are internal, so that nothing is assumed: they are tried on numbers that tell.
import type { Graph, Layer, TensorType } from "../../graph/graph.ts";
import { BLOCKED_DOMAIN } from "../../learn/layout/rewriting.ts";
import type { Session } from "../../runtime/runtime.ts";

/** More than any block, and a multiple of all that are known. */
const CHANNELS = 64;
const POSITIONS = 2;
const OPSET = 17;

const blockedLayer = (op: string, input: string, output: string, attributes: Layer["attributes"]): Layer => ({
  name: op,
  op,
  domain: BLOCKED_DOMAIN,
  inputs: [input],
  outputs: [output],
  attributes,
});

/** Numbers in order to blocks, and back again. */
function probe(): Graph {
  const type: TensorType = { dtype: "float32", shape: [1, CHANNELS, 1, POSITIONS] };
  const channels = new Map([["channels", { kind: "int", value: CHANNELS } as const]]);
  return {
    name: "block",
    inputs: ["x"],
    outputs: ["blocked", "back"],
    layers: [
      blockedLayer("ReorderInput", "x", "blocked", new Map()),
      blockedLayer("ReorderOutput", "blocked", "back", channels),
    ],
    tensors: new Map(["x", "blocked", "back"].map((name) => [name, type])),
    weights: new Map(),
    opsets: new Map([
      ["", OPSET],
      [BLOCKED_DOMAIN, 1],
    ]),
  };
}

/** @param open opens a session; what it throws means that there are no such operators */
export async function findConvolutionBlock(open: (graph: Graph) => Promise<Session>): Promise<number | undefined> {
  const x = Float32Array.from({ length: CHANNELS * POSITIONS }, (_, i) => i);
  try {
    const session = await open(probe());
    const outputs = await session.run({ x: { dtype: "float32", shape: [1, CHANNELS, 1, POSITIONS], data: x } });
    await session.close();
    const [blocked, back] = ["blocked", "back"].map((name) => outputs[name]!.data as Float32Array);
    // the second position of channel 0 comes after the first of all channels of its block
    const block = blocked!.indexOf(1);
    return back!.every((value, i) => value === i) && block > 1 && CHANNELS % block === 0 ? block : undefined;
  } catch {
    return undefined;
  }
}
