// The Gray-mapped constellations of 5G: QPSK, 16-, 64- and 256-QAM as TS 38.211 writes them [TS38.211, 5.1.3–5.1.6]. Each axis is an amplitude
// of its own: even bits choose the real part, odd bits the imaginary part. How a received point becomes bits again is demap.ts.
import { unknownName } from "../units/nearest.ts";

/** Bits per symbol by name. */
const BITS = { qpsk: 2, "16qam": 4, "64qam": 6, "256qam": 8 } as const;

export type Modulation = keyof typeof BITS;

export const MODULATIONS = Object.keys(BITS) as readonly Modulation[];

export interface Constellation {
  readonly name: Modulation;
  /** Bits per symbol, b. */
  readonly bits: number;
  /** √norm: the amplitudes on an axis are odd whole numbers over this, so that the mean power is 1. */
  readonly scale: number;
  /** Real part of each point; the index is the label, first bit most significant. Length 2^b. */
  readonly re: Float64Array;
  readonly im: Float64Array;
  /** Odd whole number on one axis by that axis's bits (first most significant): 2^(b/2) of them. The same for both axes. */
  readonly levels: readonly number[];
}

/** (1 − 2b₀)·(2^(n−1) − (1 − 2b₁)·(2^(n−2) − …)): the amplitude of n bits on one axis. */
function levelOf(label: number, bits: number): number {
  const sign = (label >> (bits - 1)) & 1 ? -1 : 1;
  if (bits === 1) return sign;
  return sign * (2 ** (bits - 1) - levelOf(label & (2 ** (bits - 1) - 1), bits - 1));
}

function make(name: Modulation): Constellation {
  const bits = BITS[name];
  const perAxis = bits / 2;
  const side = 2 ** perAxis;
  const levels = Array.from({ length: side }, (_, label) => levelOf(label, perAxis));
  const scale = Math.sqrt((2 * (side * side - 1)) / 3);
  /** The bits of `label` on one axis: every second one from `first` on. */
  const onAxis = (label: number, first: number): number => {
    let axis = 0;
    for (let i = first; i < bits; i += 2) axis = 2 * axis + ((label >> (bits - 1 - i)) & 1);
    return axis;
  };
  const points = (first: number) =>
    Float64Array.from({ length: 2 ** bits }, (_, i) => levels[onAxis(i, first)]! / scale);
  return { name, bits, scale, re: points(0), im: points(1), levels };
}

const MADE = new Map(MODULATIONS.map((name) => [name, make(name)]));

export function constellationOf(modulation: Modulation): Constellation {
  return MADE.get(modulation)!;
}

/** The modulation of that name; "4qam" is QPSK. @throws InputError "unknown-modulation" */
export function modulationNamed(word: string): Modulation {
  const name = word.toLowerCase().replace("-", "");
  if (name === "4qam") return "qpsk";
  if (Object.hasOwn(BITS, name)) return name as Modulation;
  throw unknownName("modulation", word, MODULATIONS, `choose one of ${MODULATIONS.join(", ")}`);
}
