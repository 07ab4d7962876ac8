// One metric's equation for one layer with its numbers filled in. It repeats no decision of estimate/: rates and types are chosen by
// the same functions, and formula.test.ts holds every result to the estimate's own joules.
import { planArithmetic } from "../../estimate/arithmetic.ts";
import { DEFAULT_PUE, MEMORY_W_PER_GB } from "../../estimate/green-algorithms.ts";
import { DRAM_ELEMENT_J } from "../../estimate/memory-level.ts";
import type { ArithmeticType, Hardware } from "../../hardware/hardware.ts";
import { formatDuration, formatNumber, formatQuantity } from "../../units/format.ts";
import type { LayerWork, WorkReport } from "../../work/work.ts";

/** One line of a calculation: "arithmetic = 231 MFLOP ÷ 13.4 TFLOP/s = 17.2 µs". */
export interface Step {
  readonly name: string;
  readonly terms: string;
  readonly result: string;
}

export interface Formula {
  readonly equation: string;
  readonly steps: readonly Step[];
  /** What the last step comes to, J. */
  readonly energyJ: number;
}

export interface FormulaInput {
  readonly layer: LayerWork;
  readonly work: WorkReport;
  readonly hardware: Hardware;
  /** Record that prices operations where the device has no prices of its own. */
  readonly process: Hardware;
  readonly peakShareRatio: number;
}

const flop = (value: number): string => formatQuantity(value, "FLOP");
const joule = (value: number): string => formatQuantity(value, "J");
const share = (ratio: number): string => (ratio === 1 ? "" : ` × ${formatNumber(ratio)}`);
const step = (name: string, terms: string, result: string): Step => ({ name, terms, result });

const rateOf = ({ layer, work, hardware }: FormulaInput): number =>
  planArithmetic(work, hardware, hardware.peakFlopsPerS, (rate) => rate.value)!.of(layer).value;

interface Times {
  readonly steps: readonly Step[];
  readonly timeS: number;
  readonly busyS: number;
}

function rooflineTimes(input: FormulaInput): Times {
  const { layer, hardware, peakShareRatio } = input;
  const rate = rateOf(input);
  const bandwidth = hardware.memoryBytesPerS!.value;
  const bytes = layer.readBytes + layer.writtenBytes;
  const arithmeticS = layer.flops / (rate * peakShareRatio);
  const memoryS = bytes / bandwidth;
  const timeS = Math.max(arithmeticS, memoryS);
  return {
    timeS,
    busyS: Math.max(layer.flops / rate, memoryS),
    steps: [
      step(
        "arithmetic",
        `${flop(layer.flops)} ÷ ${formatQuantity(rate, "FLOP/s")}${share(peakShareRatio)}`,
        formatDuration(arithmeticS),
      ),
      step("memory", `${formatQuantity(bytes, "B")} ÷ ${formatQuantity(bandwidth, "B/s")}`, formatDuration(memoryS)),
      step("t", `the longer: ${arithmeticS >= memoryS ? "arithmetic" : "memory"}`, formatDuration(timeS)),
    ],
  };
}

function roofline(input: FormulaInput): Formula {
  const { steps, timeS, busyS } = rooflineTimes(input);
  const tdpW = input.hardware.tdpW!.value;
  if (input.hardware.idleW === undefined) {
    const energyJ = tdpW * timeS;
    const last = step("E", `TDP ${formatQuantity(tdpW, "W")} × ${formatDuration(timeS)}`, joule(energyJ));
    return { equation: "E = TDP · t", steps: [...steps, last], energyJ };
  }
  const idleW = Math.min(input.hardware.idleW.value, tdpW);
  const energyJ = idleW * timeS + (tdpW - idleW) * busyS;
  const terms = `${formatQuantity(idleW, "W")} × ${formatDuration(timeS)} + (${formatQuantity(tdpW, "W")} − ${formatQuantity(idleW, "W")}) × ${formatDuration(busyS)}`;
  return {
    equation: "E = idle · t + (TDP − idle) · busy",
    steps: [
      ...steps,
      ...(busyS === timeS ? [] : [step("busy", "time at full rate", formatDuration(busyS))]),
      step("E", terms, joule(energyJ)),
    ],
    energyJ,
  };
}

function tdp(input: FormulaInput): Formula {
  const { steps, timeS } = rooflineTimes(input);
  const tdpW = input.hardware.tdpW!.value;
  const energyJ = tdpW * timeS;
  const last = step("E", `${formatQuantity(tdpW, "W")} × ${formatDuration(timeS)}`, joule(energyJ));
  return { equation: "E = TDP · t", steps: [...steps, last], energyJ };
}

function greenAlgorithms(input: FormulaInput): Formula {
  const { steps, timeS } = rooflineTimes(input);
  const { hardware, work } = input;
  const tdpW = hardware.tdpW!.value;
  const bytes = hardware.memoryBytes?.value ?? work.total.weightBytes + work.peakActivationBytes;
  const memoryW = (bytes / 1e9) * MEMORY_W_PER_GB;
  const energyJ = (tdpW + memoryW) * timeS * DEFAULT_PUE;
  return {
    equation: "E = t · (TDP + memory GB · 0.3725 W) · PUE",
    steps: [
      ...steps,
      step("memory power", `${formatQuantity(bytes, "B")} × ${MEMORY_W_PER_GB} W per GB`, formatQuantity(memoryW, "W")),
      step(
        "E",
        `${formatDuration(timeS)} × (${formatQuantity(tdpW, "W")} + ${formatQuantity(memoryW, "W")}) × ${DEFAULT_PUE}`,
        joule(energyJ),
      ),
    ],
    energyJ,
  };
}

function flopsPerWatt(input: FormulaInput): Formula {
  const { layer, hardware, peakShareRatio } = input;
  const perJoule = (rateOf(input) * peakShareRatio) / hardware.tdpW!.value;
  const energyJ = layer.flops / perJoule;
  return {
    equation: "E = FLOPs ÷ (peak FLOP/s ÷ TDP)",
    steps: [
      step(
        "efficiency",
        `${formatQuantity(rateOf(input), "FLOP/s")}${share(peakShareRatio)} ÷ ${formatQuantity(hardware.tdpW!.value, "W")}`,
        formatQuantity(perJoule, "FLOP/J"),
      ),
      step("E", `${flop(layer.flops)} ÷ ${formatQuantity(perJoule, "FLOP/J")}`, joule(energyJ)),
    ],
    energyJ,
  };
}

function clock(input: FormulaInput): Formula {
  const { layer, work, hardware, peakShareRatio } = input;
  const cores = hardware.cores!.value;
  const frequencyHz = hardware.clockHz!.value;
  const own = Object.entries(hardware.flopsPerClockPerCore) as [ArithmeticType, { value: number }][];
  const peaks = Object.entries(hardware.peakFlopsPerS) as [ArithmeticType, { value: number }][];
  const entries =
    own.length > 0 ? own : peaks.map(([type, { value }]) => [type, { value: value / (cores * frequencyHz) }] as const);
  const table = Object.fromEntries(entries) as Partial<Record<ArithmeticType, { value: number }>>;
  const perClock = planArithmetic(work, hardware, table, ({ value }) => value)!.of(layer).value;
  const tdpW = hardware.tdpW?.value;
  const kappa = Math.min(
    hardware.switchedCapacitance?.value ?? Number.POSITIVE_INFINITY,
    (tdpW ?? Number.POSITIVE_INFINITY) / (cores * frequencyHz ** 3),
  );
  const powerW = cores * kappa * frequencyHz ** 3;
  const timeS = layer.flops / (cores * frequencyHz * perClock * peakShareRatio);
  const energyJ = powerW * timeS;
  return {
    equation: "E = P · t, P = n·κ·f³, t = FLOPs ÷ (n·f·FLOPs per clock)",
    steps: [
      step(
        "P",
        `${formatNumber(cores)} × ${kappa.toPrecision(3)} W/Hz³ × (${formatQuantity(frequencyHz, "Hz")})³`,
        formatQuantity(powerW, "W"),
      ),
      step(
        "t",
        `${flop(layer.flops)} ÷ (${formatNumber(cores)} × ${formatQuantity(frequencyHz, "Hz")} × ${formatNumber(perClock)}${share(peakShareRatio)})`,
        formatDuration(timeS),
      ),
      step("E", `${formatQuantity(powerW, "W")} × ${formatDuration(timeS)}`, joule(energyJ)),
    ],
    energyJ,
  };
}

function macLinear({ layer, hardware }: FormulaInput): Formula {
  const { convJPerMac, convJPerInput, denseJPerMac } = hardware.macLinear!;
  const macs = formatQuantity(layer.macs, "MAC");
  if (!/conv/iu.test(layer.op)) {
    const energyJ = denseJPerMac.value * layer.macs;
    return {
      equation: "E = γ · MACs",
      steps: [step("E", `${formatQuantity(denseJPerMac.value, "J/MAC")} × ${macs}`, joule(energyJ))],
      energyJ,
    };
  }
  const energyJ = convJPerMac.value * layer.macs + convJPerInput.value * layer.inputElements;
  const terms = `${formatQuantity(convJPerMac.value, "J/MAC")} × ${macs} + ${joule(convJPerInput.value)} × ${formatQuantity(layer.inputElements, "")} inputs`;
  return { equation: "E = α · MACs + β · inputs", steps: [step("E", terms, joule(energyJ))], energyJ };
}

/** Weights are fetched once for inference, three times for a training step: forward, backward, update. */
const FETCHES = { inference: 1, training: 3 } as const;

function opEnergy({ layer, work, hardware, process }: FormulaInput): Formula {
  const prices = Object.keys(hardware.arithmetic).length > 0 ? hardware : process;
  const { mulJ, addJ } = planArithmetic(work, prices, prices.arithmetic, (energy) => -energy.mulJ.value)!.of(layer);
  const [muls, adds] = [layer.macs + layer.muls, layer.macs + layer.adds];
  const stored = layer.params + layer.buffers;
  const bits = stored === 0 ? 0 : ((layer.weightBytes * 8 * layer.params) / stored) * FETCHES[work.phase];
  const computeJ = mulJ.value * muls + addJ.value * adds;
  const memoryJ = (DRAM_ELEMENT_J.value / 32) * bits;
  const energyJ = computeJ + memoryJ;
  return {
    equation: "E = e_mul · multiplications + e_add · additions + e_m · weights fetched",
    steps: [
      step(
        "arithmetic",
        `${joule(mulJ.value)} × ${formatQuantity(muls, "")} + ${joule(addJ.value)} × ${formatQuantity(adds, "")}`,
        joule(computeJ),
      ),
      step("weights", `${joule(DRAM_ELEMENT_J.value)} per 32 bit × ${formatQuantity(bits / 8, "B")}`, joule(memoryJ)),
      step("E", `${joule(computeJ)} + ${joule(memoryJ)}`, joule(energyJ)),
    ],
    energyJ,
  };
}

const FORMULAS: Readonly<Record<string, (input: FormulaInput) => Formula>> = {
  roofline,
  tdp,
  "green-algorithms": greenAlgorithms,
  "flops-per-watt": flopsPerWatt,
  clock,
  "mac-linear": macLinear,
  "op-energy": opEnergy,
};

/** The calculation of a layer by a metric that has an estimate for it; undefined for a metric that is not of estimate/. */
export const formulaOf = (metric: string, input: FormulaInput): Formula | undefined => FORMULAS[metric]?.(input);
