// Holds the rules to what ONNX Runtime answered when it ran the same operators: test/fixtures/shapes/make.py.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../../units/input-error.ts";
import type { DataType } from "../dtype.ts";
import type { Attribute, ConstantValue, Dim, Layer, TensorType } from "../graph.ts";
import { encodeNumbers } from "../numbers.ts";
import { inferLayer } from "./infer-layer.ts";

fc.configureGlobal({ seed: 1 });

interface Tensor {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  readonly data?: readonly number[];
}
type RecordedAttribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | (Tensor & { readonly data: readonly number[] });
interface Case {
  readonly op: string;
  readonly domain: string;
  readonly opset: number;
  readonly inputs: readonly (Tensor | null)[];
  readonly attributes: Readonly<Record<string, RecordedAttribute>>;
  readonly outputs: readonly Tensor[];
}

const file = new URL("../../../test/fixtures/shapes/operators.json", import.meta.url);
const cases = JSON.parse(readFileSync(file, "utf8")) as readonly Case[];

function attribute(value: RecordedAttribute): Attribute {
  if (typeof value === "number") return { kind: "int", value };
  if (typeof value === "string") return { kind: "string", value };
  if (Array.isArray(value)) return { kind: "ints", value };
  if ("float" in value) return { kind: "float", value: value.float };
  if ("floats" in value) return { kind: "floats", value: value.floats };
  const { dtype, shape, data } = value as Required<Tensor>;
  return { kind: "tensor", type: { dtype, shape }, value: { kind: "inline", bytes: encodeNumbers(dtype, data) } };
}

function layerOf(one: Case): Layer {
  return {
    name: "n",
    op: one.op,
    domain: one.domain,
    inputs: one.inputs.map((input, i) => (input === null ? "" : `i${i}`)),
    outputs: one.outputs.map((_, i) => `o${i}`),
    attributes: new Map(Object.entries(one.attributes).map(([name, value]) => [name, attribute(value)])),
  };
}

/** Infers a case with the input shapes changed by `change`. */
function infer(one: Case, change: (type: TensorType) => TensorType = (type) => type) {
  const inputAt = (name: string) => one.inputs[Number(name.slice(1))] ?? undefined;
  return inferLayer(layerOf(one), one.domain === "" ? one.opset : 1, {
    typeOf: (name) => {
      const input = inputAt(name);
      return input && change({ dtype: input.dtype, shape: input.shape });
    },
    constantOf: (name): ConstantValue | undefined => {
      const input = inputAt(name);
      return input?.data && { dtype: input.dtype, shape: input.shape, data: input.data };
    },
  });
}

describe("rules against ONNX Runtime", () => {
  it("has cases", () => {
    expect(cases.length).toBeGreaterThan(300);
  });

  it.each(
    cases.map(
      (one, i) => [`${i} ${one.domain && `${one.domain}.`}${one.op} ${JSON.stringify(one.attributes)}`, one] as const,
    ),
  )("%s", (_, one) => {
    const inferred = infer(one);
    const types = inferred?.types.slice(0, one.outputs.length);
    expect(types).toEqual(one.outputs.map(({ dtype, shape }) => ({ dtype, shape })));
    // Numbers that fold have the type that was inferred.
    inferred?.values.forEach((value, i) => {
      if (value === undefined) return;
      expect({ dtype: value.dtype, shape: value.shape }).toEqual(inferred.types[i]);
      expect(value.data).toHaveLength(value.shape.reduce((a, b) => a * b, 1));
    });
  });

  it("never throws, and never tells a wrong length, when the shapes are not known or symbols", () => {
    for (const one of cases) {
      expect(() => infer(one, ({ dtype }) => ({ dtype, shape: undefined })), one.op).not.toThrow();
      const open = infer(one, ({ dtype, shape }) => ({ dtype, shape: shape?.map((_, i) => `d${i}`) }));
      const unsaid = infer(one, ({ dtype, shape }) => ({ dtype, shape: shape?.map(() => "?") }));
      for (const { types } of [open!, unsaid!]) {
        one.outputs.forEach((output, i) => {
          const shape = types[i]?.shape;
          if (shape === undefined) return;
          expect(shape, `${one.op} ${i}`).toHaveLength(output.shape.length);
          shape.forEach((dim, axis) => {
            if (typeof dim === "number") expect(dim, `${one.op} output ${i} axis ${axis}`).toBe(output.shape[axis]);
          });
        });
      }
    }
  });

  it("meets nonsense with InputError or with lengths that can be", () => {
    const length = fc.oneof(fc.integer({ min: -3, max: 20 }), fc.constantFrom(2 ** 31, 2 ** 63, -(2 ** 63)));
    const dim = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom<Dim>("N", "?", 2 ** 31));
    const shape = fc.option(fc.array(dim, { maxLength: 6 }), { nil: undefined });
    const numbers = fc.array(length, { maxLength: 6 });
    const nonsense = fc.record({
      one: fc.constantFrom(...cases),
      shapes: fc.array(fc.option(shape, { nil: "as recorded" as const }), { minLength: 12, maxLength: 12 }),
      constants: fc.array(fc.option(numbers, { nil: "as recorded" as const }), { minLength: 12, maxLength: 12 }),
      attribute: fc.option(fc.oneof(length, numbers), { nil: undefined }),
      outputs: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(nonsense, ({ one, shapes, constants, attribute: wrong, outputs }) => {
        const base = layerOf(one);
        const [name] = base.attributes.keys();
        const attributes = new Map(base.attributes);
        if (name !== undefined && wrong !== undefined) attributes.set(name, attribute(wrong));
        const layer = { ...base, attributes, outputs: Array.from({ length: outputs }, (_, i) => `o${i}`) };
        const constantOf = (tensor: string): ConstantValue | undefined => {
          const at = Number(tensor.slice(1));
          const recorded = one.inputs[at];
          const data = constants[at];
          if (recorded?.data === undefined || data === undefined) return undefined;
          if (data === "as recorded") return { dtype: recorded.dtype, shape: recorded.shape, data: recorded.data };
          return { dtype: recorded.dtype, shape: [data.length], data };
        };
        const typeOf = (tensor: string): TensorType | undefined => {
          const value = constantOf(tensor);
          if (value !== undefined) return { dtype: value.dtype, shape: value.shape };
          const at = Number(tensor.slice(1));
          const recorded = one.inputs[at];
          const changed = shapes[at];
          if (recorded === undefined || recorded === null) return undefined;
          return { dtype: recorded.dtype, shape: changed === "as recorded" ? recorded.shape : changed };
        };
        try {
          const { types, values } = inferLayer(layer, one.opset, { typeOf, constantOf })!;
          for (const type of types)
            for (const dim of type?.shape ?? [])
              expect(typeof dim === "string" || (Number.isInteger(dim) && dim >= 0), `${one.op}: ${dim}`).toBe(true);
          for (const value of values)
            if (value !== undefined) expect(value.data.every((x) => typeof x === "number")).toBe(true);
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
        }
      }),
      { numRuns: 5000 },
    );
  });
});
