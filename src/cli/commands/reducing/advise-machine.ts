// Whom advice is for, and how its joules are known: the device's numbers, a metric, and for this machine the power while it works.
import { availableParallelism } from "node:os";
import { isMissing } from "../../../estimate/assemble.ts";
import type { EnergyMetric } from "../../../estimate/metric.ts";
import { opEnergy } from "../../../estimate/op-energy.ts";
import { findMetric, METRICS } from "../../../estimate/table.ts";
import type { Hardware } from "../../../hardware/hardware.ts";
import { readCatalogue, resolveDevice } from "../../../node/catalogue.ts";
import { type Int8Support, int8Support } from "../../../reduce/quantise/int8-support.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Range } from "../../../units/range.ts";
import type { WorkReport } from "../../../work/work.ts";
import type { OptionValues } from "../../command.ts";
import { positiveOption } from "../../options.ts";
import { calibratedDevice } from "../estimate-this-machine.ts";
import { accessHere, cpuHere } from "../measuring/machine-options.ts";
import type { AdviseSettings } from "./advise-options.ts";

const PROCESS = "horowitz-45nm";
/** The roofline first: it knows types, bytes and batches. */
const PREFERRED: readonly string[] = ["roofline", "tdp", "op-energy"];

export interface AdviseMachine {
  readonly isHere: boolean;
  /** In words. */
  readonly name: string;
  /** Undefined: this machine's processor is not in the catalogue. */
  readonly hardware: Hardware | undefined;
  /** Of estimates; undefined where none can be made. */
  readonly metric: EnergyMetric | undefined;
  readonly estimate: (work: WorkReport) => Range | undefined;
  readonly skippingZeros: (work: WorkReport, nonzeroRatio: number) => Range | undefined;
  readonly processor: Int8Support;
  readonly cores: number;
  /** Power while this machine works, W, and where it is from; undefined where not known, or for another device. */
  readonly powerW: { readonly value: number; readonly source: string } | undefined;
}

type Told = Pick<Hardware, "id">;
const rangeOfEstimate = ({ energyJ, lowJ, highJ }: { energyJ: number; lowJ: number; highJ: number }): Range => ({
  value: energyJ,
  low: lowJ,
  high: highJ,
});

function asker(metric: EnergyMetric, device: Hardware, process: Hardware | undefined) {
  return (work: WorkReport, nonzeroRatio?: number): Range | undefined => {
    const options = { ...(process && { process }), ...(nonzeroRatio !== undefined && { nonzeroRatio }) };
    const answer = metric.estimate(work, device, options);
    return isMissing(answer) ? undefined : rangeOfEstimate(answer);
  };
}

/** The metric asked for, else the first of those preferred that knows the device. @throws InputError "missing-numbers" */
function metricOf(
  work: WorkReport,
  device: Hardware,
  process: Hardware | undefined,
  name: string | undefined,
): EnergyMetric | undefined {
  const options = process ? { process } : {};
  if (name !== undefined) {
    const metric = findMetric(name);
    const answer = metric.estimate(work, device, options);
    if (!isMissing(answer)) return metric;
    throw new InputError(
      "missing-numbers",
      `${metric.id} cannot tell the joules on ${device.name}: ${answer.needs.join(", ")} missing`,
      "leave --metric out, or name another",
    );
  }
  const rank = ({ id }: Told) => (PREFERRED.includes(id) ? PREFERRED.indexOf(id) : PREFERRED.length);
  return METRICS.toSorted((a, b) => rank(a) - rank(b)).find(
    (metric) => !isMissing(metric.estimate(work, device, options)),
  );
}

/** Power of this machine at work: as given, as calibrated, else its processor's TDP. */
async function powerHere(
  model: string,
  work: WorkReport,
  settings: AdviseSettings,
  hardware: Hardware | undefined,
  options: OptionValues,
) {
  const givenW = positiveOption(options, "--cpu-tdp", "W");
  if (givenW !== undefined) return { value: givenW, source: "given by --cpu-tdp" };
  try {
    const { device, metric } = await calibratedDevice(model, { batch: 1, dims: settings.dims });
    const answer = metric.estimate(work, device, {});
    if (!isMissing(answer) && answer.durationS !== undefined && answer.durationS > 0)
      return { value: answer.energyJ / answer.durationS, source: `as ${device.name} tells` };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
  const tdpW = hardware?.tdpW?.value;
  return tdpW === undefined ? undefined : { value: tdpW, source: `TDP of ${hardware?.name}` };
}

/** @throws InputError for a device that there is not, or a metric that cannot tell */
export async function adviseMachine(
  model: string,
  work: WorkReport,
  settings: AdviseSettings,
  options: OptionValues,
): Promise<AdviseMachine> {
  const catalogue = await readCatalogue();
  const { on, metric: asked } = settings;
  const access = accessHere();
  const isHere = on === undefined;
  const hardware = isHere ? await cpuHere(access) : await resolveDevice(on, catalogue);
  const process = catalogue.find(({ id }) => id === PROCESS);
  const metric = hardware && metricOf(work, hardware, process, asked);
  const cpuInfo = access.readText("/proc/cpuinfo");
  const priced = hardware ?? process;
  return {
    isHere,
    name: isHere ? `this machine (${hardware?.name ?? "processor not in the catalogue"})` : hardware!.name,
    hardware,
    metric,
    estimate: metric && hardware ? asker(metric, hardware, process) : () => undefined,
    skippingZeros: priced ? asker(opEnergy, priced, process) : () => undefined,
    processor: int8Support("text" in cpuInfo ? cpuInfo.text : undefined),
    cores: availableParallelism(),
    powerW: isHere ? await powerHere(model, work, settings, hardware, options) : undefined,
  };
}

/** Nothing can be told of this machine, or of that device. */
export const noJoules = ({ name }: AdviseMachine): InputError =>
  new InputError(
    "no-device",
    `no joules are known of ${name}: no meter reads, it is not calibrated, and no metric has its numbers`,
    "`joulecast calibrate`, or give --cpu-tdp 125W, or name a device with --on; `joulecast devices` lists them",
  );
