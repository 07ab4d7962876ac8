// Which memory op-energy fetches weights from, and what a bit of it costs. Not a cache model: one level for the whole network.
import type { Hardware, MemoryLevel } from "../hardware/hardware.ts";
import { formatQuantity } from "../units/format.ts";
import { unknownName } from "../units/nearest.ts";
import { type Range, rangeOf, scaled } from "../units/range.ts";
import { formatRange } from "./assemble.ts";
import type { EstimateOptions } from "./metric.ts";

/**
 * Fetching one 32-bit parameter from DRAM, J [Krouka2021]. Its table II gives 1.3–2.6 nJ per 64-bit access: half of that,
 * 0.65–1.3 nJ, for 32 bits if both halves of an access are used, and up to 2.6 nJ if a whole access is paid for each parameter,
 * as the paper itself does.
 */
export const DRAM_ELEMENT_J: Range = { value: 1.3e-9, low: 0.65e-9, high: 2.6e-9 };

const ELEMENT_BITS = 32;

export interface MemoryChoice {
  readonly energyPerBitJ: Range;
  /** On-chip memory of the process record, which scales with it. */
  readonly scalable: boolean;
  readonly assumptions: readonly string[];
}

type Priced = MemoryLevel & Required<Pick<MemoryLevel, "energyPerBitJ">>;
const isPriced = (level: MemoryLevel): level is Priced => level.energyPerBitJ !== undefined;
const isMain = (level: MemoryLevel): boolean => level.sizeBytes === undefined || /dram|hbm|ddr/iu.test(level.name);

const perElement = (energyPerBitJ: Range): string =>
  `${formatRange(scaled(energyPerBitJ, ELEMENT_BITS), "J")} per 32-bit element`;

function fromLevel(level: Priced, prices: Hardware, why = ""): MemoryChoice {
  const energyPerBitJ = rangeOf(level.energyPerBitJ);
  return {
    energyPerBitJ,
    scalable: !isMain(level) && prices.memoryLevels.includes(level),
    assumptions: [`weights are fetched from ${level.name}${why}: ${perElement(energyPerBitJ)}`],
  };
}

/** The metric's own price, whatever the device. */
function defaultDram(): MemoryChoice {
  const energyPerBitJ = scaled(DRAM_ELEMENT_J, 1 / ELEMENT_BITS);
  const source = "half of a 64-bit access of 1.3–2.6 nJ; the high is a whole access per parameter [Krouka2021]";
  return {
    energyPerBitJ,
    scalable: false,
    assumptions: [`weights are fetched from DRAM: ${perElement(energyPerBitJ)}, ${source}`],
  };
}

/**
 * The memory that holds `weightBytes` bytes of weights: DRAM at the metric's default price unless options say otherwise.
 * @param hardware whose levels are used where they have energies, else those of `prices`
 * @throws InputError "unknown-memory-level" when options.memoryLevel names no level with an energy
 */
export function chooseMemory(
  hardware: Hardware,
  prices: Hardware,
  weightBytes: number,
  options: EstimateOptions,
): MemoryChoice {
  if (options.energyPerElementJ !== undefined) {
    const energyPerBitJ = scaled(options.energyPerElementJ, 1 / ELEMENT_BITS);
    return {
      energyPerBitJ,
      scalable: false,
      assumptions: [`weights are fetched at ${perElement(energyPerBitJ)}, as given`],
    };
  }
  if (options.memoryLevel === undefined) return defaultDram();

  const own = hardware.memoryLevels.filter(isPriced);
  const chips = own.some((level) => !isMain(level)) ? own : prices.memoryLevels.filter(isPriced);
  const sized = chips.filter((level) => !isMain(level)).sort((a, b) => a.sizeBytes!.value - b.sizeBytes!.value);
  const main = own.find(isMain);
  const dram = () => (main === undefined ? defaultDram() : fromLevel(main, prices));

  const wanted = options.memoryLevel.toLowerCase();
  if (wanted === "by-size") {
    const fitting = sized.find((level) => level.sizeBytes!.value >= weightBytes);
    return fitting === undefined
      ? dram()
      : fromLevel(fitting, prices, `, the smallest that holds ${formatQuantity(weightBytes, "B")}`);
  }
  if (wanted === "dram") return dram();
  const named = [...sized, ...own].find((level) => level.name.toLowerCase() === wanted);
  if (named !== undefined) return fromLevel(named, prices);
  const names = ["by-size", "DRAM", ...sized.map((level) => level.name)];
  throw unknownName("memory level", options.memoryLevel, names, `choose one of ${names.join(", ")}`);
}
