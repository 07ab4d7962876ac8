// `--on this-machine`: the profile that `calibrate` kept, as one more device whose only metric is `calibrated`.
import type { EnergyMetric } from "../../estimate/metric.ts";
import type { Hardware } from "../../hardware/hardware.ts";
import { readProfile } from "../../node/collect/profiles.ts";
import { readModel } from "../../node/model.ts";
import { calibratedHardware, calibratedMetric } from "../../predict/collect/calibrated-metric.ts";
import { shapedNetwork } from "../../predict/collect/network-layers.ts";
import type { CountOptions } from "../../work/count-graph.ts";

export interface CalibratedDevice {
  readonly device: Hardware;
  readonly metric: EnergyMetric;
}

/** @throws InputError "not-calibrated" */
export async function calibratedDevice(model: string, { batch, dims }: CountOptions): Promise<CalibratedDevice> {
  const calibration = readProfile();
  const lengths = { ...(batch !== undefined && { batch }), ...(dims && { dims }) };
  const { graph } = shapedNetwork(await readModel(model), lengths);
  return { device: calibratedHardware(calibration), metric: calibratedMetric(calibration, graph) };
}
