// Both runtimes on small graphs: numbers, carried state, reuse of buffers, refusals. Needs onnxruntime-node, and `npm run build` for the thread.
import { describe, expect, it } from "vitest";
import { NetworkBuilder } from "../../graph/build.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { arrayFromBytes, bytesOf, lengthOf, type Tensor, zeros } from "../../runtime/tensor.ts";
import { onnxRuntime } from "./onnx-runtime.ts";
import { threadedRuntime } from "./threaded-runtime.ts";

const floats = (...values: number[]): Tensor => ({
  dtype: "float32",
  shape: [values.length],
  data: Float32Array.from(values),
});

/** sum ← sum + x, and twice the new sum. */
function counter(): Graph {
  const b = new NetworkBuilder("counter");
  const x = b.input("x", [2]);
  const sum = b.input("sum", [2]);
  const next = b.layer("Add", [sum, x], { name: "next" });
  b.output(next);
  b.output(b.layer("Add", [next, next], { name: "twice" }));
  return b.graph();
}
const [NEXT, TWICE] = counter().outputs as [string, string];
const carried = [{ input: "sum", output: NEXT, initial: floats(1, 2) }];

const RUNTIMES: readonly (readonly [string, () => Runtime])[] = [
  ["onnxRuntime", onnxRuntime],
  ["threadedRuntime", threadedRuntime],
];

describe.each(RUNTIMES)("%s", (_name, runtime) => {
  it("carries state from run to run and keeps the one before", async () => {
    const session = await runtime().open(counter(), { carried });
    expect(await session.carriedBefore()).toEqual({ sum: floats(1, 2) });
    const x = floats(1, 1);
    const first = await session.run({ x });
    expect(Object.keys(first)).toEqual([TWICE]);
    expect([...first[TWICE]!.data]).toEqual([4, 6]);
    expect([...(await session.run({ x }))[TWICE]!.data]).toEqual([6, 8]);
    expect(await session.carried()).toEqual({ sum: floats(3, 4) });
    expect(await session.carriedBefore()).toEqual({ sum: floats(2, 3) });
    await session.setCarried({ sum: floats(10, 20) });
    expect([...(await session.run({ x }))[TWICE]!.data]).toEqual([22, 42]);
    expect(carried[0]!.initial).toEqual(floats(1, 2));
    await session.close();
  });

  it("gives outputs whose shape is open", async () => {
    const b = new NetworkBuilder("open");
    b.output(b.layer("Neg", [b.input("x", ["n"])]));
    const session = await runtime().open(b.graph());
    expect(Object.values(await session.run({ x: floats(1) }))).toEqual([floats(-1)]);
    expect(Object.values(await session.run({ x: floats(1, 2) }))).toEqual([floats(-1, -2)]);
    await session.close();
  });

  it("says what is refused", async () => {
    const graph = counter();
    const layers = [{ ...graph.layers[0]!, op: "NoSuchOperator" }, ...graph.layers.slice(1)];
    await expect(runtime().open({ ...graph, layers })).rejects.toMatchObject({ code: "onnxruntime" });
    const session = await runtime().open(graph, { carried });
    await expect(session.run({ x: floats(1, 2, 3) })).rejects.toMatchObject({ code: "onnxruntime" });
    expect([...(await session.run({ x: floats(0, 0) }))[TWICE]!.data]).toEqual([2, 4]);
    await session.close();
  });
});

describe("tensors", () => {
  it("copy bytes from any offset, also out of a Buffer", () => {
    const buffer = Buffer.from([9, 0, 0, 0xc0, 0x3f]);
    const data = arrayFromBytes("float32", buffer.subarray(1));
    buffer.fill(0);
    expect(data).toEqual(Float32Array.of(1.5));
    expect(bytesOf(Float32Array.of(0, 1.5).subarray(1))).toEqual(Uint8Array.of(0, 0, 0xc0, 0x3f));
    expect([lengthOf([]), lengthOf([2, 3]), zeros("int64", 2)]).toEqual([1, 6, new BigInt64Array(2)]);
  });
});
