import { describe, expect, it } from "vitest";
import { seededRandom } from "../math/random.ts";
import { axisDemapper } from "./demap.ts";
import { constellationOf, MODULATIONS } from "./qam.ts";

describe.each(MODULATIONS)("demapping %s", (name) => {
  const constellation = constellationOf(name);
  const { re, im, scale, bits } = constellation;
  const random = seededRandom(6);

  /** Ratios by definition, over all points of the plane. */
  function byDefinition(x: number, y: number, noise: number, sum: (exponents: number[]) => number): number[] {
    const exponents = [...re.keys()].map((label) => -((x - re[label]!) ** 2 + (y - im[label]!) ** 2) / noise);
    return Array.from({ length: bits }, (_, bit) => {
      const of = (value: number) => sum(exponents.filter((_, label) => ((label >> (bits - 1 - bit)) & 1) === value));
      return of(1) - of(0);
    });
  }
  const logSum = (exponents: number[]) => {
    const most = Math.max(...exponents);
    return most + Math.log(exponents.reduce((sum, one) => sum + Math.exp(one - most), 0));
  };

  it.each([
    ["max-log", (exponents: number[]) => Math.max(...exponents)],
    ["exact", logSum],
  ] as const)("is %s by its definition over all points", (rule, sum) => {
    const demap = axisDemapper(constellation, rule);
    for (let i = 0; i < 50; i++) {
      const [x, y, noise] = [1.5 * random.normal(), 1.5 * random.normal(), 0.02 + random.uniform()];
      const llrs = new Float32Array(bits);
      demap(x * scale, 1 / (noise * scale * scale), llrs, 0, 1);
      demap(y * scale, 1 / (noise * scale * scale), llrs, 1, 1);
      for (const [bit, value] of byDefinition(x, y, noise, sum).entries())
        expect(Math.abs(llrs[bit]! - value)).toBeLessThan(1e-4 * (1 + Math.abs(value)));
    }
  });
  it("gives back every label, positive for 1", () => {
    for (const rule of ["max-log", "exact"] as const)
      for (let label = 0; label < re.length; label++) {
        const llrs = new Float32Array(bits);
        const demap = axisDemapper(constellation, rule);
        demap(re[label]! * scale, 0.2, llrs, 0, 1);
        demap(im[label]! * scale, 0.2, llrs, 1, 1);
        expect(Number.parseInt([...llrs].map((llr) => (llr > 0 ? 1 : 0)).join(""), 2)).toBe(label);
      }
  });
});
