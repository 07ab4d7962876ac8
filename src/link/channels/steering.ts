// How paths turn with frequency, and sums of rows weighted by gains: what a channel's response and its estimate are both made of.
import { type ComplexSeries, complexSeries } from "../fading/rayleigh.ts";
import type { Extent } from "../grid.ts";
import type { Path } from "./channel.ts";

/** exp(−j2π f τ_l) of every path at every subcarrier: [path][subcarrier]. */
export function steering(paths: readonly Path[], { subcarriers, spacingHz }: Extent): ComplexSeries {
  const table = complexSeries(paths.length * subcarriers);
  for (const [l, { delayS }] of paths.entries()) {
    const angle = -2 * Math.PI * spacingHz * delayS;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    let [x, y] = [1, 0];
    for (let at = l * subcarriers; at < (l + 1) * subcarriers; at++) {
      table.re[at] = x;
      table.im[at] = y;
      [x, y] = [x * c - y * s, x * s + y * c];
    }
  }
  return table;
}

/**
 * Adds Σ_l gain_l·row_l to `into`, two rows at a time: rows of `table` are `length` long, gains are `gainStride` apart. The simulator's hottest
 * loop.
 */
export function addRows(
  into: ComplexSeries,
  offset: number,
  table: ComplexSeries,
  length: number,
  rows: number,
  gains: ComplexSeries,
  gainOffset: number,
  gainStride: number,
): void {
  const { re: outRe, im: outIm } = into;
  const { re, im } = table;
  for (let l = 0; l < rows; l += 2) {
    const one = gainOffset + l * gainStride;
    const two = one + gainStride;
    const [ar, ai] = [gains.re[one]!, gains.im[one]!];
    const isPair = l + 1 < rows;
    const br = isPair ? gains.re[two]! : 0;
    const bi = isPair ? gains.im[two]! : 0;
    const p = l * length;
    const q = isPair ? p + length : p;
    for (let k = 0; k < length; k++) {
      const pr = re[p + k]!;
      const pi = im[p + k]!;
      const qr = re[q + k]!;
      const qi = im[q + k]!;
      outRe[offset + k]! += ar * pr - ai * pi + br * qr - bi * qi;
      outIm[offset + k]! += ar * pi + ai * pr + br * qi + bi * qr;
    }
  }
}
