// From received signals and a channel estimate to log-likelihood ratios. For one transmitted stream the LMMSE combiner with white disturbance,
// hᴴy/(|h|² + N), is maximum-ratio combining up to a real factor; without its bias the estimate is hᴴy/|h|² with noise N/|h|².
import { axisDemapper, type DemapRule } from "../demap.ts";
import type { ComplexSeries } from "../fading/rayleigh.ts";
import type { Slot } from "../slot.ts";

/** @param estimate of the response, [antenna][symbol][subcarrier] */
export function combine(slot: Slot, estimate: ComplexSeries, llrs: Float32Array, rule: DemapRule): void {
  const { grid, antennas, received, constellation, noisePower, interferencePower } = slot;
  const { data, size } = grid;
  const { scale } = constellation;
  const demap = axisDemapper(constellation, rule);
  const perUnit = 1 / ((noisePower + interferencePower) * scale * scale);
  for (let i = 0; i < data.length; i++) {
    const element = data[i]!;
    let real = 0;
    let imaginary = 0;
    let gain = 0;
    for (let at = element, antenna = 0; antenna < antennas; antenna++, at += size) {
      const hr = estimate.re[at]!;
      const hi = estimate.im[at]!;
      const yr = received.re[at]!;
      const yi = received.im[at]!;
      real += hr * yr + hi * yi;
      imaginary += hr * yi - hi * yr;
      gain += hr * hr + hi * hi;
    }
    // without any gain both bits are as likely: position 0 with no certainty
    const stretch = gain > 0 ? scale / gain : 0;
    demap(real * stretch, gain * perUnit, llrs, element, size);
    demap(imaginary * stretch, gain * perUnit, llrs, element + size, size);
  }
}
