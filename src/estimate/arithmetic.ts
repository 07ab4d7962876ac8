// Which arithmetic a device does a layer in: the layer's own type if the device has a number for it, else float32, else the
// best the device has (an Edge TPU counts int8 operations). Every substitution is said in words, none is silent.
import type { DataType } from "../graph/dtype.ts";
import type { ArithmeticType, Hardware } from "../hardware/hardware.ts";
import type { LayerWork, WorkReport } from "../work/work.ts";

const ARITHMETIC: Readonly<Partial<Record<DataType, ArithmeticType>>> = {
  float64: "float64",
  float32: "float32",
  float16: "float16",
  bfloat16: "bfloat16",
  float8e4m3fn: "float8",
  float8e4m3fnuz: "float8",
  float8e5m2: "float8",
  float8e5m2fnuz: "float8",
  int8: "int8",
  uint8: "int8",
  int4: "int4",
  uint4: "int4",
  int32: "int32",
  uint32: "int32",
};

/** The arithmetic that elements of `dtype` are computed in; undefined for types no device is rated for (int64, bool, …). */
function arithmeticOf(dtype: DataType): ArithmeticType | undefined {
  return ARITHMETIC[dtype];
}

/** What a rate of this type counts: "FLOP", or "OP" for integers. */
export const operationUnit = (type: ArithmeticType): "FLOP" | "OP" => (type.startsWith("int") ? "OP" : "FLOP");

export type ArithmeticTable<T> = Readonly<Partial<Record<ArithmeticType, T>>>;

/** The choice for every layer of a network on one device. */
export interface ArithmeticPlan<T> {
  /** The number of the type that `layer` runs in. */
  of(layer: LayerWork): T;
  /** Type and number used by layers that do arithmetic, most FLOPs first. */
  readonly used: readonly (readonly [ArithmeticType, T])[];
  readonly assumptions: readonly string[];
}

/**
 * Chooses a type per layer.
 * @param table what the device has, by type
 * @param score the type with the highest is taken when neither the layer's type nor float32 is there
 * @returns undefined when the table is empty
 */
export function planArithmetic<T>(
  work: WorkReport,
  hardware: Pick<Hardware, "name">,
  table: ArithmeticTable<T>,
  score: (entry: T) => number,
): ArithmeticPlan<T> | undefined {
  const entries = Object.entries(table) as [ArithmeticType, T][];
  if (entries.length === 0) return undefined;
  const best = entries.reduce((a, b) => (score(b[1]) > score(a[1]) ? b : a));
  const fallback: readonly [ArithmeticType, T] = table.float32 === undefined ? best : ["float32", table.float32];
  const choose = (dtype: DataType): readonly [ArithmeticType, T] => {
    const own = arithmeticOf(dtype);
    const entry = own === undefined ? undefined : table[own];
    return own === undefined || entry === undefined ? fallback : [own, entry];
  };

  const flops = new Map<ArithmeticType, number>();
  const notes = new Set<string>();
  for (const layer of work.layers) {
    if (layer.flops === 0) continue;
    const [type] = choose(layer.dtype);
    flops.set(type, (flops.get(type) ?? 0) + layer.flops);
    if (arithmeticOf(layer.dtype) !== type)
      notes.add(
        `${layer.dtype} layers are counted as ${type} operations: ${hardware.name} has no number for ${layer.dtype}`,
      );
  }
  const used = [...flops].sort((a, b) => b[1] - a[1]).map(([type]) => [type, table[type]!] as const);
  return { of: (layer) => choose(layer.dtype)[1], used, assumptions: [...notes] };
}
