// From the options of `joulecast split` to a planned split: the model read and shaped, its zeros counted, two machines from the
// catalogue with a metric each.
import { estimateAll } from "../../../estimate/estimate.ts";
import type { EnergyMetric, EstimateOptions } from "../../../estimate/metric.ts";
import { opEnergy } from "../../../estimate/op-energy.ts";
import { roofline } from "../../../estimate/roofline.ts";
import { findMetric } from "../../../estimate/table.ts";
import { bindDimensions } from "../../../graph/bind.ts";
import { inferShapes } from "../../../graph/shape/infer.ts";
import type { ShapedGraph } from "../../../graph/shape/shaped.ts";
import type { Hardware } from "../../../hardware/hardware.ts";
import { readCatalogue, resolveDevice } from "../../../node/catalogue.ts";
import { openNetwork } from "../../../node/open-network.ts";
import { zerosOf } from "../../../reduce/zeros.ts";
import type { WeightReader } from "../../../runtime/runtime.ts";
import { FEATURE_BITS, type FeatureBits } from "../../../split/features.ts";
import { type MachinePlan, type PlannedSplit, planSplit } from "../../../split/plan.ts";
import type { SentFormat } from "../../../split/split-network.ts";
import { InputError } from "../../../units/input-error.ts";
import { exact } from "../../../units/range.ts";
import { countWork } from "../../../work/count.ts";
import type { WorkReport } from "../../../work/work.ts";
import type { OptionSpec, OptionValues } from "../../command.ts";
import { countOption, dimensionsOption, flagOption, quantityOption, textOption } from "../../options.ts";

/** Record that prices single operations: the paper's, no machine. */
const PROCESS = "horowitz-45nm";

/** How the network is read and what is sent: shared by `split`, `split serve` and `split infer`. */
export const NETWORK_OPTIONS: readonly OptionSpec[] = [
  { flags: "--batch <n>", description: "samples in one pass (default: what the file says, 1 where it is open)" },
  { flags: "--dim <name=n>", description: "length of a symbolic dimension; may be repeated", repeatable: true },
];

export const MACHINE_OPTIONS: readonly OptionSpec[] = [
  { flags: "--device <name>", description: `device by name or .json file (default ${PROCESS}: joules, no times)` },
  { flags: "--server <name>", description: "server by name or .json file (default: its joules are not asked for)" },
  {
    flags: "--metric <name>",
    description: `energy metric of both (default op-energy for ${PROCESS}, roofline for other devices)`,
  },
  {
    flags: "--energy-per-element <J>",
    description: "op-energy: energy of fetching one parameter (default 2.6 nJ)",
  },
  { flags: "--charge-zeros", description: "op-energy: charge parameters that are zero too" },
];

export const FORMAT_OPTIONS: readonly OptionSpec[] = [
  { flags: "--bits <n>", description: "bits of one sent float: 32, 16, 8 or 4 (default 32)" },
  { flags: "--raw-bits <n>", description: "bits of one float of the raw input (default 8: pixels)" },
  {
    flags: "--answer <where>",
    description: "where the answer is wanted: server (default: the device sends its own), or device",
  },
  { flags: "--allow-raw", description: "let the raw input itself be sent (default: never, for privacy)" },
  { flags: "--max-tensors <n>", description: "list places where at most so many tensors cross (default 4)" },
];

/** A network that is read, shaped and counted. Close it when done. */
export interface SplitModel {
  readonly name: string;
  readonly shaped: ShapedGraph;
  readonly work: WorkReport;
  readonly weights: WeightReader;
  /** What was taken for granted in binding dimensions. */
  readonly assumptions: readonly string[];
  close(): void;
}

/** @throws InputError when there is no such network, or a dimension stays open */
export async function openSplitModel(name: string, options: OptionValues): Promise<SplitModel> {
  const network = await openNetwork(name, 0);
  try {
    const batch = countOption(options, "--batch");
    const dims = dimensionsOption(options, "--dim");
    const bound = bindDimensions(network.graph, { dims, ...(batch !== undefined && { batch }) });
    const shaped = inferShapes(bound.graph);
    const work = countWork(shaped);
    return {
      name,
      shaped,
      work,
      weights: network.weights,
      assumptions: [...bound.assumptions, ...work.assumptions],
      close: network.close,
    };
  } catch (error) {
    network.close();
    throw error;
  }
}

function bitsOption(options: OptionValues, flag: string): FeatureBits | undefined {
  const text = textOption(options, flag);
  const bits = FEATURE_BITS.find((one) => String(one) === text);
  if (text === undefined || bits !== undefined) return bits;
  throw new InputError("bad-bits", `${flag} "${text}" is not offered`, `give one of ${FEATURE_BITS.join(", ")}`);
}

const ANSWERS = ["server", "device"] as const;

function formatOption(options: OptionValues): Partial<SentFormat> {
  const bits = bitsOption(options, "--bits");
  const rawBits = bitsOption(options, "--raw-bits");
  const text = textOption(options, "--answer");
  const answer = ANSWERS.find((one) => one === text);
  if (text !== undefined && answer === undefined)
    throw new InputError("bad-answer", `--answer "${text}" is not offered`, `give ${ANSWERS.join(" or ")}`);
  return { ...(bits && { bits }), ...(rawBits && { rawBits }), ...(answer && { answer }) };
}

export interface Machines {
  readonly device: Hardware;
  readonly server: Hardware | undefined;
  readonly process: Hardware | undefined;
  readonly metric: EnergyMetric | undefined;
}

export async function machinesOption(options: OptionValues): Promise<Machines> {
  const catalogue = await readCatalogue();
  const named = textOption(options, "--metric");
  const server = textOption(options, "--server");
  return {
    device: await resolveDevice(textOption(options, "--device") ?? PROCESS, catalogue),
    server: server === undefined ? undefined : await resolveDevice(server, catalogue),
    process: catalogue.find(({ id }) => id === PROCESS),
    metric: named === undefined ? undefined : findMetric(named),
  };
}

/** op-energy where the machine has prices of operations, else the roofline, which has times. */
const metricFor = (hardware: Hardware, asked: EnergyMetric | undefined): EnergyMetric =>
  asked ?? (Object.keys(hardware.arithmetic).length > 0 ? opEnergy : roofline);

/** One plan of a network on the machines asked for. */
export async function problemOf(model: SplitModel, options: OptionValues, machines: Machines): Promise<PlannedSplit> {
  const { device, server, process, metric } = machines;
  const { shaped, work, weights } = model;
  const elementJ = quantityOption(options, "--energy-per-element", "J");
  const chosen = metricFor(device, metric);
  const skipsZeros = chosen === opEnergy && !flagOption(options, "--charge-zeros");
  const zeros = skipsZeros ? await zerosOf({ graph: shaped.graph, weights }) : undefined;
  const shared: EstimateOptions = {
    ...(process && { process }),
    ...(elementJ !== undefined && { energyPerElementJ: exact(elementJ) }),
  };
  // A roofline needs its two numbers; where the machine lacks them its joules are worth having all the same.
  const machine = (hardware: Hardware, extra: EstimateOptions = {}): MachinePlan => ({
    hardware,
    metric: metricFor(hardware, metric),
    options: { ...shared, ...extra },
  });
  const mostTensors = countOption(options, "--max-tensors");
  const serverPlan = server && machine(server);
  const isPriced =
    serverPlan !== undefined &&
    estimateAll(work, [serverPlan.hardware], [serverPlan.metric], shared).missing.length === 0;
  const planned = planSplit(shaped, work, {
    format: formatOption(options),
    device: machine(device, zeros && zeros.count > 0 ? { nonzeroRatio: zeros.nonzeroRatio } : {}),
    ...(serverPlan && isPriced && { server: serverPlan }),
    ...(mostTensors !== undefined && { mostTensors }),
    allowRaw: flagOption(options, "--allow-raw"),
  });
  if (serverPlan === undefined || isPriced) return planned;
  const lacking = `${serverPlan.metric.id} has no answer for ${serverPlan.hardware.name}`;
  return { ...planned, assumptions: [...planned.assumptions, lacking] };
}
