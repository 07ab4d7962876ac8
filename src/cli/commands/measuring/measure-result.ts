// The JSON contract's words for a Measurement, and the footprint of its joules. Shared by `measure` and `compare`.
import { co2eKg, cost } from "../../../carbon/emissions.ts";
import type { LoadShare } from "../../../measure/load.ts";
import type { Measurement, SourceEnergy } from "../../../measure/measurement.ts";
import type { Unusable } from "../../../measure/power-source.ts";
import type { MeasuredRow } from "../../../report/measuring/measure-report.ts";
import { exact } from "../../../units/range.ts";
import type { CarbonChoice } from "../estimate-carbon.ts";

function componentResult(source: SourceEnergy): Readonly<Record<string, unknown>> {
  const { info, kind, grossJ, baselineJ, netJ, coverage, meanPowerW, peakPowerW, counted, remarks } = source;
  return {
    source: info.id,
    name: info.name,
    domain: info.domain,
    kind,
    grossJ: grossJ ?? null,
    baselineJ: baselineJ ?? null,
    netJ: netJ ?? null,
    coverage,
    meanPowerW: meanPowerW ?? null,
    peakPowerW: peakPowerW ?? null,
    partOf: info.partOf ?? null,
    counted,
    remarks,
    provenance: info.provenance,
    origin: info.origin ?? null,
  };
}

/** One window's fields. */
export function measurementResult(measurement: Measurement): Readonly<Record<string, unknown>> {
  const { kind, grossJ, baselineJ, netJ, netLowJ, netHighJ, durationS, meanPowerW, peakPowerW, coverage } = measurement;
  return {
    kind,
    grossJ: grossJ ?? null,
    baselineJ: baselineJ ?? null,
    netJ: netJ ?? null,
    netLowJ: netLowJ ?? null,
    netHighJ: netHighJ ?? null,
    durationS,
    meanPowerW: meanPowerW ?? null,
    peakPowerW: peakPowerW ?? null,
    coverage,
    components: measurement.sources.map(componentResult),
    doubts: measurement.doubts.map(({ cause, sigmaJ, degrees, missingJ }) => ({
      cause,
      sigmaJ,
      degrees: degrees ?? null,
      missingJ: missingJ ?? null,
    })),
    remarks: measurement.remarks,
  };
}

const loadResult = ({ name, meanRatio, peakRatio, samples }: LoadShare) => ({ name, meanRatio, peakRatio, samples });

/** One command or batch. */
export function rowResult(row: MeasuredRow): Readonly<Record<string, unknown>> {
  const { batch, mean, each, load, inferences, perInference, inferenceS, estimates } = row;
  return {
    batch: batch ?? null,
    ...measurementResult(mean),
    repeats: each.length,
    each: each.map(({ window, durationS, grossJ, netJ, netLowJ, netHighJ, coverage }) => ({
      window,
      durationS,
      grossJ: grossJ ?? null,
      netJ: netJ ?? null,
      netLowJ: netLowJ ?? null,
      netHighJ: netHighJ ?? null,
      coverage,
    })),
    firstSecond: row.firstSecond ?? null,
    inferences: inferences ?? null,
    perInferenceJ: perInference?.perInferenceJ ?? null,
    perInferenceLowJ: perInference?.lowJ ?? null,
    perInferenceHighJ: perInference?.highJ ?? null,
    inferenceS: inferenceS ?? null,
    co2eKg: row.co2eKg ?? null,
    grossCo2eKg: row.grossCo2eKg ?? null,
    cost: row.cost ?? null,
    utilisation: load.map(loadResult),
    estimates: estimates.map((estimate) => ({ ...estimate, errorRatio: estimate.errorRatio ?? null })),
  };
}

export const unusableResult = ({ id, domain, reason, fix }: Unusable) => ({ id, domain, reason, fix });

/** What the joules of a measurement emit and cost; undefined where nothing was read. */
export function footprintOf({ netJ, grossJ }: Measurement, carbon: CarbonChoice) {
  const kilograms = (energyJ: number) => co2eKg(exact(energyJ), carbon.kgPerKwh, carbon.pueRatio).value;
  // An idle level above the run's own makes net negative within its doubt: that emits nothing, it is not a credit.
  const paidJ = netJ === undefined ? undefined : Math.max(0, netJ);
  const paid = paidJ === undefined ? undefined : carbon.price && cost(exact(paidJ), carbon.price, carbon.pueRatio);
  return {
    co2eKg: paidJ === undefined ? undefined : kilograms(paidJ),
    grossCo2eKg: grossJ === undefined ? undefined : kilograms(grossJ),
    cost: paid && { amount: paid.amount.value, currency: paid.currency },
  };
}
