// From what was tried and what is known of the machine to everything that advice stands on (AdviceContext).
import type { Graph } from "../../../graph/graph.ts";
import { median } from "../../../math/statistics.ts";
import type { Measurement } from "../../../measure/measurement.ts";
import { fusedLayers } from "../../../predict/collect/network-layers.ts";
import type { AdviceContext, Basis } from "../../../reduce/advise/action.ts";
import { BATCHES } from "../../../reduce/advise/actions/batch-size.ts";
import { bottleneckOf } from "../../../reduce/advise/bottleneck.ts";
import { medianRange } from "../../../reduce/advise/paired-ratio.ts";
import { modelledStepJ, type StepTrial } from "../../../reduce/advise/training-step.ts";
import { type Resolved, resolved } from "../../../reduce/advise/try.ts";
import { goOn } from "../../../reduce/stoppable.ts";
import { formatQuantity } from "../../../units/format.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Range } from "../../../units/range.ts";
import { countGraph } from "../../../work/count-graph.ts";
import type { WorkReport } from "../../../work/work.ts";
import type { Metered } from "../learning/learning-energy.ts";
import { type AdviseMachine, noJoules } from "./advise-machine.ts";
import { type Done, ifAllowed, type Task, TRAINING, TRAINING_BATCH } from "./advise-trials.ts";

/** How a measurement remarks that a meter is too slow for a window. */
const TOO_SHORT = "window shorter than the update period";

/** Batch normalisations right after a convolution. */
function foldableOf(graph: Graph): ReadonlySet<string> {
  const fused = fusedLayers(graph);
  return new Set(
    graph.layers.filter(({ op, name }) => op === "BatchNormalization" && fused.has(name)).map(({ name }) => name),
  );
}

type WindowJ = (name: string) => number | undefined;

type Power = NonNullable<AdviseMachine["powerW"]>;

/** Power while this machine works: as read or modelled in the run, else as the machine is known. */
function workingPower({ powerW }: AdviseMachine, whole: Measurement | undefined): Power | undefined {
  const meanW = whole?.meanPowerW;
  return meanW === undefined || !(meanW > 0)
    ? powerW
    : { value: meanW, source: `mean power of the run, ${whole?.kind}` };
}

/** Joules of a window that a meter read; windows too short for the meter tell nothing. */
function readJ(measurement: Measurement | undefined): number | undefined {
  const isRead = measurement?.kind === "measured" || measurement?.kind === "integrated";
  const isShort = measurement?.sources.some(
    ({ counted, remarks }) => counted && remarks.some((remark) => remark.startsWith(TOO_SHORT)),
  );
  return isRead && isShort === false ? measurement.netJ : undefined;
}

interface Known {
  readonly before: Range;
  readonly basis: Basis;
  readonly joules: string;
}

/** @throws InputError "cannot-count" | "no-device"; "interrupted" where a run that was cut short might have told */
function knownOf(
  { machine, model }: Task,
  work: WorkReport,
  told: Resolved,
  power: Power | undefined,
  isInterrupted: boolean,
): Known {
  const { base } = told;
  if (base !== undefined) {
    const joules =
      base.basis === "measured"
        ? "read by a meter while the network ran here"
        : `measured time × ${formatQuantity(power?.value, "W")}, ${power?.source}: estimated`;
    return { before: medianRange(base.perInferenceJ), basis: base.basis, joules };
  }
  const before = machine.estimate(work);
  if (before !== undefined && before.value > 0)
    return { before, basis: "estimated", joules: `estimated by ${machine.metric?.id}` };
  goOn({ aborted: isInterrupted });
  if (work.total.flops === 0)
    throw new InputError(
      "cannot-count",
      `${model} has no work that can be counted${work.unknown.length > 0 ? ` (${work.unknown.length} layers are unknown)` : ""}`,
      "`joulecast inspect` lists its layers; on this-machine it can be tried instead",
    );
  throw noJoules(machine);
}

async function trainingOf(
  { settings, data, subject }: Task,
  step: StepTrial | undefined,
  windowJ: WindowJ,
  power: Power | undefined,
  known: Pick<AdviceContext, "estimate" | "before" | "work">,
): Promise<AdviceContext["training"]> {
  if (data === undefined) return undefined;
  const { samples } = data.train;
  const { epochs, dims } = settings;
  const spentJ = step && windowJ(`${TRAINING}${step.window}`);
  if (step !== undefined && spentJ !== undefined && spentJ > 0)
    return { perSampleJ: spentJ / step.samples, basis: "measured", samples, epochs };
  if (step !== undefined && power !== undefined)
    return { perSampleJ: (power.value * step.seconds) / step.samples, basis: "estimated", samples, epochs };
  const work = await ifAllowed(() =>
    countGraph(subject.network.graph, { batch: TRAINING_BATCH, dims, phase: "training" }),
  );
  return work && { perSampleJ: modelledStepJ(known, work), basis: "estimated", samples, epochs };
}

function powerOf(
  { machine: { hardware, isHere } }: Task,
  { base }: Resolved,
  power: Power | undefined,
): AdviceContext["power"] {
  const idleW = hardware?.idleW?.value;
  const isRead = isHere && base?.basis === "measured";
  const activeW = isRead ? median(base.perInferenceJ) / base.seconds : (power?.value ?? hardware?.tdpW?.value);
  return idleW === undefined || activeW === undefined
    ? undefined
    : { activeW, idleW, basis: isRead ? "measured" : "estimated" };
}

/** Power with so many threads at work: idle power stays, the rest is shared by the cores. */
function powerByThreads({ hardware, cores }: AdviseMachine, power: Power | undefined) {
  const idleW = hardware?.idleW?.value ?? 0;
  return (threads = cores) => power && idleW + Math.max(0, power.value - idleW) * Math.min(1, threads / cores);
}

/**
 * Everything that is known, and what the joules are, in words.
 * @throws InputError "no-device" | "cannot-count" where no joules can be told
 */
export async function contextOf(
  task: Task,
  work: WorkReport,
  { value, measurement, windowOf }: Metered<Done>,
  move: AdviceContext["move"],
): Promise<{ readonly advice: AdviceContext; readonly joules: string }> {
  const { machine, settings, subject } = task;
  const { dims, maxLoss } = settings;
  const { use, maxWaitS, network, isHere, processor, cores } = subject;
  const windowJ: WindowJ = (name) => readJ(windowOf(name));
  const power = workingPower(machine, measurement);
  const told = resolved(value.bench ?? { actions: [], score: undefined }, {
    windowJ,
    powerW: powerByThreads(machine, power),
  });
  const known = knownOf(task, work, told, power, value.isInterrupted);
  const seconds = told.base?.seconds;
  const pricing = { estimate: machine.estimate, before: known.before, work };
  const works = new Map<number, WorkReport | undefined>();
  for (const batch of BATCHES) works.set(batch, await ifAllowed(() => countGraph(network.graph, { batch, dims })));
  const advice: AdviceContext = {
    ...pricing,
    use,
    maxWaitS,
    maxLoss,
    beforeBasis: known.basis,
    workOf: (batch) => works.get(batch),
    foldable: foldableOf(network.graph),
    skippingZeros: machine.skippingZeros,
    device: machine.hardware,
    isHere,
    processor,
    cores,
    seconds,
    bottleneck: machine.hardware && bottleneckOf(work, machine.hardware, seconds),
    tried: told.tried,
    refused: told.refused,
    training: await trainingOf(task, value.step, windowJ, power, pricing),
    move,
    power: powerOf(task, told, power),
  };
  return { advice, joules: known.joules };
}
