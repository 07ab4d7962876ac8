// A seeded weight of a one-layer network, drawn as PyTorch draws it: uniform with bound 1/sqrt(fan-in) [He2015].
import type { NetworkBuilder } from "../../graph/build.ts";

export function seededWeight(b: NetworkBuilder, name: string, shape: readonly number[], fanIn: number): string {
  return b.weight(name, shape, { kind: "uniform", bound: 1 / Math.sqrt(fanIn), seed: b.nextSeed() });
}
