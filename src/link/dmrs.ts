// Demodulation reference signals of the 5G uplink: what is sent on pilot subcarriers [TS38.211, 6.4.1.1]. With CP-OFDM, one or two symbols
// long, both configuration types, all ports. The simulator sends type 1, port 0; the rest is there because one table holds it all.
import { type ComplexSeries, complexSeries } from "./fading/rayleigh.ts";
import { goldBits } from "./gold.ts";

export interface DmrsPlace {
  /** Slot in the frame, n_s,f. */
  readonly slotNumber: number;
  /** OFDM symbol in the slot. */
  readonly symbol: number;
  /** Scrambling identity N_ID, 0 to 65,535. Default 0. */
  readonly nId?: number;
  /** n_SCID, 0 or 1. Default 0. */
  readonly nScid?: number;
}

/** OFDM symbols in a slot with normal cyclic prefix: the number in c_init, however many are used. */
const SLOT_SYMBOLS = 14;

/** r(0) … r(count − 1): QPSK of power 1 from the Gold sequence. */
export function dmrsSequence({ slotNumber, symbol, nId = 0, nScid = 0 }: DmrsPlace, count: number): ComplexSeries {
  const start = (2 ** 17 * (SLOT_SYMBOLS * slotNumber + symbol + 1) * (2 * nId + 1) + 2 * nId + nScid) % 2 ** 31;
  const bits = goldBits(start, 2 * count);
  const part = (offset: number) =>
    Float64Array.from({ length: count }, (_, n) => (1 - 2 * bits[2 * n + offset]!) * Math.SQRT1_2);
  return { re: part(0), im: part(1) };
}

/** Type 1: every second subcarrier, two groups; type 2: pairs out of six, three groups. */
export type DmrsType = 1 | 2;

/** First subcarrier of the port's group, and its signs over a pair of pilots and over the two symbols of a double one. */
interface Port {
  readonly shift: number;
  readonly overPair: readonly [number, number];
  readonly overTime: readonly [number, number];
}

/** [TS38.211, tables 6.4.1.1.3-1 and -2]: ports alternate in sign over the pair, step through the groups, then do it again with signs in time. */
function portOf(type: DmrsType, port: number): Port {
  const groups = type + 1;
  return {
    shift: (Math.floor(port / 2) % groups) * type,
    overPair: [1, port % 2 === 0 ? 1 : -1],
    overTime: [1, port < 2 * groups ? 1 : -1],
  };
}

export interface DmrsSymbol extends DmrsPlace {
  readonly type: DmrsType;
  /** 0 to 7 (type 1), 0 to 11 (type 2). */
  readonly port: number;
  /** 1 for the second symbol of a double DMRS. */
  readonly second?: boolean;
  /** √ of pilot over data power: √2 where one further group is kept empty, √3 where two are [TS38.214, table 6.2.2-1]. */
  readonly amplitude: number;
}

/** The pilots of one OFDM symbol on `subcarriers` subcarriers from the carrier's first on; 0 where there is none. */
export function dmrsSymbol(symbol: DmrsSymbol, subcarriers: number): ComplexSeries {
  const { type, port, second = false, amplitude } = symbol;
  const { shift, overPair, overTime } = portOf(type, port);
  const [stride, step] = type === 1 ? [4, 2] : [6, 1];
  const pairs = subcarriers / stride;
  const sequence = dmrsSequence(symbol, 2 * pairs);
  const grid = complexSeries(subcarriers);
  for (let n = 0; n < pairs; n++)
    for (const k of [0, 1] as const) {
      const sign = amplitude * overPair[k] * overTime[second ? 1 : 0];
      const at = stride * n + step * k + shift;
      grid.re[at] = sign * sequence.re[2 * n + k]!;
      grid.im[at] = sign * sequence.im[2 * n + k]!;
    }
  return grid;
}
