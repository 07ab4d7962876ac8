// From a loaded graph and the page's controls to the numbers that it shows: the same functions, in the same order, as
// `joulecast estimate`. Pure: the worker calls it, and so do the tests.
import { co2eKg } from "../../carbon/emissions.ts";
import { findRegion, listRegions } from "../../carbon/grid.ts";
import { estimateAll } from "../../estimate/estimate.ts";
import { METRICS } from "../../estimate/table.ts";
import { bindDimensions } from "../../graph/bind.ts";
import { type Graph, UNKNOWN_DIM } from "../../graph/graph.ts";
import { findDevice } from "../../hardware/find.ts";
import type { Hardware } from "../../hardware/hardware.ts";
import { parseHardware } from "../../hardware/parse.ts";
import { InputError } from "../../units/input-error.ts";
import { exact, rangeOf } from "../../units/range.ts";
import { countGraph } from "../../work/count-graph.ts";
import { ZOO } from "../../zoo/catalogue.ts";
import type { Catalogue, Estimated, OpenDimension, Question } from "./messages.ts";
import { PROCESS } from "./process.ts";

const RECORDS = import.meta.glob<unknown>("../../../data/hardware/*.json", { eager: true, import: "default" });

/** The devices of the package, by id. */
export const DEVICES: readonly Hardware[] = Object.keys(RECORDS)
  .sort()
  .map((path) => parseHardware(RECORDS[path], path.slice(path.lastIndexOf("/") + 1)));

export async function catalogue(): Promise<Catalogue> {
  const regions = await listRegions();
  return {
    devices: DEVICES,
    networks: ZOO.map(({ name, summary }) => ({ name, summary })),
    regions: regions.map(({ code, name }) => ({ code, name })),
  };
}

/** Whether the batch is all that is open: that one has a default. */
function isBound(graph: Graph): boolean {
  try {
    bindDimensions(graph);
    return true;
  } catch (error) {
    if (error instanceof InputError && error.code === "unbound-dimension") return false;
    throw error;
  }
}

/** Axes of the inputs that the user must give a length; sums of others ("past + seq") and the batch need none. */
export function openDimensions(graph: Graph): readonly OpenDimension[] {
  if (isBound(graph)) return [];
  const found = new Map<string, OpenDimension>();
  for (const input of graph.inputs)
    for (const [axis, dim] of (graph.tensors.get(input)?.shape ?? []).entries()) {
      if (typeof dim === "number" || /[+*]|batch/iu.test(dim)) continue;
      const name = dim === UNKNOWN_DIM ? `${input}.${axis}` : dim;
      if (!found.has(name)) found.set(name, { name, where: `input ${input}, axis ${axis}` });
    }
  return [...found.values()];
}

/** @throws InputError when a dimension, device or region cannot be meant */
export async function estimateGraph(graph: Graph, question: Question): Promise<Estimated> {
  const { batch, dims, phase, peakShareRatio } = question;
  const work = countGraph(graph, { phase, dims, ...(batch !== undefined && { batch }) });
  const region = await findRegion(question.region);
  const grid = rangeOf(region.kgPerKwh);
  const devices = question.devices.map((name) => findDevice(DEVICES, name));
  const { estimates, missing } = estimateAll(work, devices, METRICS, {
    process: findDevice(DEVICES, PROCESS),
    ...(peakShareRatio !== 1 && { utilisationRatio: exact(peakShareRatio) }),
  });
  return {
    work,
    answers: estimates.map((estimate) => {
      const perInferenceJ = estimate.energyJ / work.batch;
      return {
        ...estimate,
        perInferenceJ,
        perInferenceLowJ: estimate.lowJ / work.batch,
        perInferenceHighJ: estimate.highJ / work.batch,
        co2eKg: co2eKg(exact(perInferenceJ), grid, 1).value,
      };
    }),
    missing,
    grid: {
      code: region.code,
      name: region.name,
      kgPerKwh: region.kgPerKwh.value,
      source: region.kgPerKwh.source,
      year: region.kgPerKwh.year,
    },
  };
}
