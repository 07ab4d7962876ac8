// Layers that were never measured: energies by a law that is known, with noise from seeded dice. For tests of fitting.
import { type Random, seededRandom } from "../../src/math/random.ts";

const between = (random: Random, low: number, high: number): number => low + random.below(high - low + 1);

export interface MadeConv {
  readonly batch_size: number;
  readonly image_size: number;
  readonly kernel_size: number;
  readonly in_channels: number;
  readonly out_channels: number;
  readonly stride: number;
  readonly padding: number;
  readonly energy_j: number;
}

/** MACs of a convolution, padding counted. */
export function macsOf(layer: Omit<MadeConv, "energy_j">): number {
  const { batch_size, image_size, kernel_size, in_channels, out_channels, stride, padding } = layer;
  const side = Math.floor((image_size + 2 * padding - kernel_size) / stride) + 1;
  return batch_size * side ** 2 * kernel_size ** 2 * in_channels * out_channels;
}

/** 2 nJ per MAC and 1 mJ per pass, 5 % noise. */
export function madeConvs(count: number, seed: number, noise = 0.05): MadeConv[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const layer = {
      batch_size: between(random, 1, 64),
      image_size: between(random, 8, 64),
      kernel_size: between(random, 1, 7),
      in_channels: between(random, 1, 128),
      out_channels: between(random, 1, 128),
      stride: between(random, 1, 3),
      padding: between(random, 0, 3),
    };
    return { ...layer, energy_j: (2e-9 * macsOf(layer) + 1e-3) * Math.exp(noise * random.normal()) };
  });
}

/** Activations: 50 nJ per element and 0.2 mJ per pass. */
export function madeRelus(count: number, seed: number, noise = 0.05) {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const batch_size = between(random, 1, 64);
    const input_size = between(random, 100, 100_000);
    return {
      batch_size,
      input_size,
      energy_j: (5e-8 * batch_size * input_size + 2e-4) * Math.exp(noise * random.normal()),
    };
  });
}

/** Rows as CSV text; a column that a row lacks is an empty cell. */
export function csvOf(rows: readonly object[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = rows.map((row) => columns.map((column) => (row as Record<string, unknown>)[column] ?? "").join(","));
  return `${columns.join(",")}\n${lines.join("\n")}\n`;
}
