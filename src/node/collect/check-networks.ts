// A calibration held against whole networks that it was not fitted to: measured end to end beside the sum of predicted layers.
import { isMissing } from "../../estimate/assemble.ts";
import type { NetworkCheck } from "../../predict/collect/calibrate.ts";
import { type Calibration, calibratedHardware, calibratedMetric } from "../../predict/collect/calibrated-metric.ts";
import { shapedNetwork } from "../../predict/collect/network-layers.ts";
import type { SampleRow } from "../../predict/collect/sample-row.ts";
import { countGraph } from "../../work/count-graph.ts";
import { readModel } from "../model.ts";

/** @param rows of op "network", as collected; others are passed over */
export async function checkNetworks(calibration: Calibration, rows: readonly SampleRow[]): Promise<NetworkCheck[]> {
  const checks: NetworkCheck[] = [];
  for (const row of rows.filter(({ op }) => op === "network")) {
    const [network, batch] = [String(row.network), Number(row.batch_size)];
    const graph = await readModel(network);
    const metric = calibratedMetric(calibration, shapedNetwork(graph, { batch }).graph);
    const answer = metric.estimate(countGraph(graph, { batch }), calibratedHardware(calibration), {});
    if (isMissing(answer)) continue;
    const { energyJ, lowJ, highJ, complete, durationS } = answer;
    const measuredJ = row.energy_j === undefined ? undefined : Number(row.energy_j);
    const measuredS = Number(row.run_s);
    checks.push({
      network,
      batch,
      measuredS,
      predictedS: durationS,
      measuredJ,
      predictedJ: energyJ,
      lowJ,
      highJ,
      complete,
    });
  }
  return checks;
}
