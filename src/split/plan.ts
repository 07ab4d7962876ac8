// A network, two machines and a link put together: all cuts with all their numbers, the best, the front. What `joulecast split` and the
// paper's study start from. It decides nothing new: cuts.ts, costs.ts, radio.ts and decide.ts do.
import type { EnergyMetric, EstimateOptions } from "../estimate/metric.ts";
import type { ShapedGraph } from "../graph/shape/shaped.ts";
import type { Hardware } from "../hardware/hardware.ts";
import { exact } from "../units/range.ts";
import type { WorkReport } from "../work/work.ts";
import { type CostTable, costTable, keepCuts, layerCosts } from "./costs.ts";
import { type Cut, chainCuts, checkNetwork, DEFAULT_MOST_TENSORS } from "./cuts.ts";
import { hullCuts, mergeCuts } from "./minimum-cut.ts";
import { type SentFormat, type SplitNetwork, splitNetwork } from "./split-network.ts";

/** Energy of fetching one parameter, J: a whole DRAM access of 2.6 nJ each, as [Krouka2021] counts. */
const PARAMETER_J = 2.6e-9;

export interface MachinePlan {
  readonly hardware: Hardware;
  readonly metric: EnergyMetric;
  /** Default: a parameter costs PARAMETER_J. */
  readonly options?: EstimateOptions;
}

export interface SplitPlan {
  readonly format?: Partial<SentFormat>;
  readonly device: MachinePlan;
  /** Default: the server's joules and seconds are not known. */
  readonly server?: MachinePlan;
  /** Tensors that may cross at a listed place. Default 4. */
  readonly mostTensors?: number;
  /** Cuts that show the raw input are among those to choose from. Default false: privacy. */
  readonly allowRaw?: boolean;
}

export interface PlannedSplit {
  readonly network: SplitNetwork;
  /** Cuts to choose from. */
  readonly table: CostTable;
  /** All cuts, those that show the input too. */
  readonly all: CostTable;
  /** The cut before the first layer: the input itself is sent. undefined: the input has no known size. */
  readonly raw: number | undefined;
  readonly assumptions: readonly string[];
}

/** Prices of [Krouka2021] unless others are given. */
const priced = (options: EstimateOptions = {}): EstimateOptions =>
  options.energyPerElementJ === undefined && options.memoryLevel === undefined
    ? { ...options, energyPerElementJ: exact(PARAMETER_J) }
    : options;

const POOL = /Pool$/;

/** Index in `all` of the cut after the first pooling layer, a baseline of [Krouka2021]; undefined in a network without one. */
export function firstPool({ network, all }: PlannedSplit): number | undefined {
  const layer = network.layers.findIndex(({ op }) => POOL.test(op));
  const cut = layer < 0 ? -1 : all.cuts.findIndex((one) => one.layers === layer + 1 && one.onDevice[layer] === 1);
  return cut < 0 ? undefined : cut;
}

const isOpen = (cut: Cut, allowRaw: boolean): boolean => (allowRaw || !cut.isRaw) && Number.isFinite(cut.sentBits);

/**
 * Lists the cuts of a network and what they cost.
 * @param shaped with bound lengths
 * @param work of the same graph, one inference pass
 * @throws InputError "no-layers", "missing-number"
 */
export function planSplit(shaped: ShapedGraph, work: WorkReport, plan: SplitPlan): PlannedSplit {
  const { allowRaw = false, mostTensors = DEFAULT_MOST_TENSORS } = plan;
  const network = splitNetwork(shaped, work, plan.format);
  checkNetwork(network);
  const device = layerCosts(network, work, plan.device.hardware, plan.device.metric, priced(plan.device.options));
  const server =
    plan.server && layerCosts(network, work, plan.server.hardware, plan.server.metric, priced(plan.server.options));
  const cuts = mergeCuts(chainCuts(network, mostTensors), hullCuts(network, device.energyJ, { allowRaw }));
  const all = costTable(cuts, device, server);
  const raw = cuts.findIndex((cut) => cut.layers === 0);
  return {
    network,
    all,
    table: keepCuts(all, (cut) => isOpen(cut, allowRaw)),
    raw: raw < 0 ? undefined : raw,
    assumptions: [
      ...device.assumptions,
      ...(device.durationS === undefined ? [`${device.hardware} has no peak rates: times are not known`] : []),
      ...(server === undefined ? ["the server's joules and seconds are in no sum"] : []),
    ],
  };
}
