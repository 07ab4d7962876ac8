// Runs a Graph in ONNX Runtime, numbers in and numbers out, for tests of what graphs compute. The real runtime is
// src/node/runtime; this one keeps tests of pure code free of it.
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { DataType } from "../../src/graph/dtype.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { seededBytes } from "../../src/graph/weights.ts";
import { seededRandom } from "../../src/math/random.ts";
import type { WeightBytes } from "../../src/onnx/weights.ts";
import { writeOnnx } from "../../src/onnx/write.ts";

const drawn: WeightBytes = async (ref, type) => {
  if (ref.kind === "inline") return ref.bytes;
  if (ref.kind === "seeded") return seededBytes(ref.initialiser, type, seededRandom);
  throw new Error("only inline and seeded weights here");
};

function tensorOf(dtype: DataType, shape: readonly number[], data: readonly number[]): Tensor {
  if (dtype === "int64") return new Tensor("int64", BigInt64Array.from(data, BigInt), shape);
  if (dtype === "float64") return new Tensor("float64", Float64Array.from(data), shape);
  if (dtype === "bool") return new Tensor("bool", Uint8Array.from(data), shape);
  return new Tensor("float32", Float32Array.from(data), shape);
}

export interface RunningGraph {
  /** Every input of the graph as row-major numbers. */
  run(feeds: Readonly<Record<string, readonly number[]>>): Promise<Record<string, number[]>>;
}

export async function openGraph(graph: Graph): Promise<RunningGraph> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeOnnx(graph, drawn)) chunks.push(chunk.slice());
  const session = await InferenceSession.create(Buffer.concat(chunks), { intraOpNumThreads: 1, logSeverityLevel: 4 });
  return {
    run: async (feeds) => {
      const tensors = graph.inputs.map((name) => {
        const type = graph.tensors.get(name)!;
        return [name, tensorOf(type.dtype, type.shape as readonly number[], feeds[name]!)] as const;
      });
      const results = await session.run(Object.fromEntries(tensors));
      return Object.fromEntries(
        Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array, Number)]),
      );
    },
  };
}
