// Where a loaded network can be cut and what each cut costs: the same functions as `joulecast split`.
import { opEnergy } from "../../estimate/op-energy.ts";
import { roofline } from "../../estimate/roofline.ts";
import { bindDimensions } from "../../graph/bind.ts";
import type { Graph } from "../../graph/graph.ts";
import { inferShapes } from "../../graph/shape/infer.ts";
import { findDevice } from "../../hardware/find.ts";
import type { Zeros } from "../../reduce/zeros.ts";
import { planSplit } from "../../split/plan.ts";
import { countWork } from "../../work/count.ts";
import { DEVICES } from "./estimate.ts";
import type { SplitAnswer, SplitQuestion } from "./messages.ts";
import { PROCESS } from "./process.ts";

/** op-energy where the machine has prices of operations, else the roofline, which has times. */
function machineOf(name: string) {
  const hardware = findDevice(DEVICES, name);
  const metric = Object.keys(hardware.arithmetic).length > 0 ? opEnergy : roofline;
  return { hardware, metric, options: { process: findDevice(DEVICES, PROCESS) } };
}

/**
 * @param countZeros of the network's weights; undefined where they cannot be looked at. Asked only where a price is per operation
 * @throws InputError when a dimension is open, a device unknown or lacks numbers, or there is nothing to cut
 */
export async function splitGraph(
  graph: Graph,
  question: SplitQuestion,
  countZeros: () => Promise<Zeros | undefined>,
): Promise<SplitAnswer> {
  const { batch, dims, device, server, allowRaw, bits } = question;
  const bound = bindDimensions(graph, { dims, ...(batch !== undefined && { batch }) });
  const shaped = inferShapes(bound.graph);
  const work = countWork(shaped);
  const machine = machineOf(device);
  const isPerOperation = machine.metric === opEnergy;
  const zeros = isPerOperation ? await countZeros() : undefined;
  const { network, table, assumptions } = planSplit(shaped, work, {
    device: { ...machine, options: { ...machine.options, ...(zeros?.count && { nonzeroRatio: zeros.nonzeroRatio }) } },
    ...(server !== undefined && { server: machineOf(server) }),
    format: { bits },
    allowRaw,
  });
  return {
    layers: network.layers.map(({ name, op }) => ({ name, op })),
    table,
    metric: machine.metric.id,
    assumptions: [
      ...bound.assumptions,
      ...work.assumptions,
      ...assumptions,
      ...(isPerOperation && zeros === undefined ? ["zeros among the weights were not looked for"] : []),
    ],
  };
}
