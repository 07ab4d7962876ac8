// The gradient of a linear map that acts along each axis by itself (resizing, padding by reflection): y = R·x per axis, so
// dx = Rᵀ·dy. The maps are constant matrices, the products are MatMul.
import type { Emitter } from "./emitter.ts";

/** Row i of R: the elements that output i is a weighted sum of. */
export type AxisMap = readonly (readonly { readonly from: number; readonly weight: number }[])[];

const isIdentity = (map: AxisMap, length: number): boolean =>
  map.length === length && map.every((row, i) => row.length === 1 && row[0]!.from === i && row[0]!.weight === 1);

/** Rᵀ·dy along every axis. @param shape of x @param maps one R per axis */
export function linearMap(e: Emitter, dy: string, shape: readonly number[], maps: readonly AxisMap[]): string {
  return maps.reduce(
    (g, map, axis) => (isIdentity(map, shape[axis]!) ? g : alongAxis(e, g, axis, map, shape[axis]!)),
    dy,
  );
}

function alongAxis(e: Emitter, g: string, axis: number, map: AxisMap, length: number): string {
  const matrix = new Array<number>(length * map.length).fill(0);
  map.forEach((row, i) => {
    for (const { from, weight } of row) matrix[from * map.length + i]! += weight;
  });
  const transposed = e.constant(e.dtype(g), matrix, [length, map.length]);
  const shape = e.shape(g);
  const last = shape.length - 1;
  if (shape.length >= 2 && axis === last - 1) return e.op("MatMul", [transposed, g]);
  const there = [...shape.keys()].filter((i) => i !== axis).concat(axis);
  const back = there.map((_, i) => there.indexOf(i));
  return e.transpose(e.op("MatMul", [e.transpose(g, there), e.flip(transposed)]), back);
}
