// The resource grid of one slot: subcarriers × OFDM symbols, where pilots lie, what carries data. Elements are counted symbol by symbol:
// element = symbol·subcarriers + subcarrier. It knows no signal.
import { InputError } from "../units/input-error.ts";
import { dmrsSymbol } from "./dmrs.ts";
import { type ComplexSeries, complexSeries } from "./fading/rayleigh.ts";

export interface GridOptions {
  /** A multiple of 12 (whole resource blocks), 12 to 3,300. Default 312. */
  readonly subcarriers?: number;
  /** OFDM symbols, 3 to 14; two pilot symbols need 12. Default 14. */
  readonly symbols?: number;
  /** 15, 30, 60 or 120 kHz. Default 15 kHz. */
  readonly spacingHz?: number;
  /** OFDM symbols with pilots: 1 (symbol 2) or 2 (symbols 2 and 11). Default 1. */
  readonly pilots?: number;
  /**
   * Groups of pilot subcarriers without data, 1 or 2. 2 (default): the odd subcarriers of a pilot symbol stay empty, and pilots have twice the
   * power of data; 1: they carry data, and pilots have data's power [TS38.214, 6.2.2].
   */
  readonly emptyGroups?: number;
}

/** The points in time and frequency at which a channel is wanted. */
export interface Extent {
  readonly subcarriers: number;
  readonly symbols: number;
  readonly spacingHz: number;
  /** Mean distance of OFDM symbols with their cyclic prefix: a 14th of the slot. */
  readonly symbolS: number;
  /** subcarriers·symbols. */
  readonly size: number;
}

export interface Grid extends Extent {
  /** Slots in a frame of 10 ms. */
  readonly slotsPerFrame: number;
  readonly pilotSymbols: readonly number[];
  /** Subcarriers of a pilot symbol that hold pilots. */
  readonly pilotSubcarriers: Int32Array;
  /** √ of pilot over data power. */
  readonly pilotAmplitude: number;
  /** Elements that carry data, in order. */
  readonly data: Int32Array;
  /** 1 where the element carries data. Length `size`. */
  readonly isData: Uint8Array;
}

const SPACINGS_HZ: readonly number[] = [15e3, 30e3, 60e3, 120e3];
/** DMRS of mapping type A with dmrs-TypeA-Position 2 in a slot of 14 symbols, without and with one additional position [TS38.211, table 6.4.1.1.3-3]. */
const PILOT_SYMBOLS: Readonly<Record<number, readonly number[]>> = { 1: [2], 2: [2, 11] };
const SLOT_SYMBOLS = 14;
const SUBFRAME_S = 1e-3;

function bad(message: string, hint: string): InputError {
  return new InputError("bad-grid", message, hint);
}

/** @throws InputError "bad-grid" for a combination that cannot be */
export function makeGrid(options: GridOptions = {}): Grid {
  const { subcarriers = 312, symbols = SLOT_SYMBOLS, spacingHz = 15e3, pilots = 1, emptyGroups = 2 } = options;
  if (!Number.isSafeInteger(subcarriers) || subcarriers % 12 !== 0 || subcarriers < 12 || subcarriers > 3300)
    throw bad(
      `${subcarriers} subcarriers are no whole resource blocks`,
      "give a multiple of 12 from 12 to 3300, such as 312",
    );
  if (!SPACINGS_HZ.includes(spacingHz))
    throw bad(`a subcarrier spacing of ${spacingHz} Hz is none of 5G's`, "give 15kHz, 30kHz, 60kHz or 120kHz");
  const pilotSymbols = PILOT_SYMBOLS[pilots];
  if (pilotSymbols === undefined) throw bad(`${pilots} pilot symbols are not offered`, "give 1 or 2");
  if (!Number.isSafeInteger(symbols) || symbols < 3 || symbols > SLOT_SYMBOLS)
    throw bad(`${symbols} symbols are no slot`, "give 3 to 14");
  const last = pilotSymbols.at(-1)!;
  if (symbols <= last)
    throw bad(
      `${pilots} pilot symbols do not fit ${symbols} symbols: the last is symbol ${last}`,
      `give ${last + 1} or more symbols, or 1 pilot`,
    );
  if (emptyGroups !== 1 && emptyGroups !== 2)
    throw bad(`${emptyGroups} pilot groups without data cannot be`, "give 1 (data beside pilots) or 2");
  const isData = new Uint8Array(subcarriers * symbols).fill(1);
  for (const symbol of pilotSymbols)
    for (let k = 0; k < subcarriers; k++) if (k % 2 === 0 || emptyGroups === 2) isData[symbol * subcarriers + k] = 0;
  const slotsPerSubframe = spacingHz / 15e3;
  return {
    subcarriers,
    symbols,
    spacingHz,
    symbolS: SUBFRAME_S / slotsPerSubframe / SLOT_SYMBOLS,
    slotsPerFrame: 10 * slotsPerSubframe,
    size: subcarriers * symbols,
    pilotSymbols,
    pilotSubcarriers: Int32Array.from({ length: subcarriers / 2 }, (_, i) => 2 * i),
    pilotAmplitude: Math.sqrt(emptyGroups),
    data: Int32Array.from(isData.keys()).filter((element) => isData[element] === 1),
    isData,
  };
}

/** The pilots of a slot on the whole grid, 0 elsewhere: DMRS type 1, port 0. @param nId scrambling identity of the cell */
export function pilotGrid(grid: Grid, slotNumber: number, nId: number): ComplexSeries {
  const { subcarriers, size, pilotAmplitude, pilotSymbols } = grid;
  const pilots = complexSeries(size);
  for (const symbol of pilotSymbols) {
    const { re, im } = dmrsSymbol(
      { type: 1, port: 0, slotNumber, symbol, nId, amplitude: pilotAmplitude },
      subcarriers,
    );
    pilots.re.set(re, symbol * subcarriers);
    pilots.im.set(im, symbol * subcarriers);
  }
  return pilots;
}
