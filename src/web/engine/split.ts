// Where a loaded network can be cut and what each cut costs: the same functions as `joulecast split`. Zeros among the weights are not
// looked for, because weights are not read here.
import { opEnergy } from "../../estimate/op-energy.ts";
import { roofline } from "../../estimate/roofline.ts";
import { bindDimensions } from "../../graph/bind.ts";
import type { Graph } from "../../graph/graph.ts";
import { inferShapes } from "../../graph/shape/infer.ts";
import { findDevice } from "../../hardware/find.ts";
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

/** @throws InputError when a dimension is open, a device unknown or lacks numbers, or there is nothing to cut */
export function splitGraph(graph: Graph, question: SplitQuestion): SplitAnswer {
  const { batch, dims, device, server, allowRaw, bits } = question;
  const bound = bindDimensions(graph, { dims, ...(batch !== undefined && { batch }) });
  const shaped = inferShapes(bound.graph);
  const work = countWork(shaped);
  const machine = machineOf(device);
  const { network, table, assumptions } = planSplit(shaped, work, {
    device: machine,
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
      "zeros among the weights are not looked for",
    ],
  };
}
