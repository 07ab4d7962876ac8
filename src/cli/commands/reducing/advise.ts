// `joulecast advise MODEL`: what to do for fewer joules, ranked, with what it costs and when that is paid, and what will not help here.
// Running is reduce/advise/try.ts, judging reduce/advise/verdict.ts; here both are put between a measuring session and a report.
import { co2eKg, cost } from "../../../carbon/emissions.ts";
import { findRegion } from "../../../carbon/grid.ts";
import { openData } from "../../../node/data/open-data.ts";
import { openNetwork } from "../../../node/open-network.ts";
import { withInterrupts } from "../../../node/run/interrupts.ts";
import type { AdviceContext } from "../../../reduce/advise/action.ts";
import { advise as adviseOn } from "../../../reduce/advise/advise.ts";
import { inferencesOf } from "../../../reduce/advise/verdict.ts";
import { type AdvisedRow, adviseDocument } from "../../../report/reducing/advise-report.ts";
import { exact } from "../../../units/range.ts";
import { countGraph } from "../../../work/count-graph.ts";
import type { Command, CommandContext, OptionValues, Outcome } from "../../command.ts";
import { type CarbonChoice, carbonChoice } from "../estimate-carbon.ts";
import { metered } from "../learning/learning-energy.ts";
import { incompleteRemarks } from "../model-result.ts";
import { contextOf } from "./advise-context.ts";
import { adviseMachine } from "./advise-machine.ts";
import { ADVISE_OPTIONS, type AdviseSettings, adviseSettings } from "./advise-options.ts";
import { advisedResult } from "./advise-result.ts";
import { type Task, tryAll } from "./advise-trials.ts";

/** Exit code after Ctrl-C. */
const INTERRUPTED = 130;

/** CO2e and money of what is saved; of what is moved, by the other grid. */
function rowsOf(context: AdviceContext, carbon: CarbonChoice): readonly AdvisedRow[] {
  const { kgPerKwh, pueRatio, price } = carbon;
  const totalJ = context.before.value * inferencesOf(context.use);
  const kilograms = (energyJ: number) => co2eKg(exact(energyJ), kgPerKwh, pueRatio).value;
  return adviseOn(context).actions.map((one): AdvisedRow => {
    const { savedJ, carbonRatio } = one;
    const paid = price && savedJ !== undefined ? cost(exact(savedJ), price, pueRatio) : undefined;
    const moved = carbonRatio === undefined ? undefined : carbonRatio * kilograms(totalJ);
    return {
      ...one,
      co2eKg: moved ?? (savedJ === undefined ? undefined : kilograms(savedJ)),
      cost: paid && { amount: paid.amount.value, currency: paid.currency },
    };
  });
}

async function moveOf({ moveTo }: AdviseSettings, { region, kgPerKwh }: CarbonChoice): Promise<AdviceContext["move"]> {
  if (moveTo === undefined) return undefined;
  const to = await findRegion(moveTo);
  return {
    from: { name: region?.name ?? "the grid of --intensity", kgPerKwh: kgPerKwh.value },
    to: { name: to.name, kgPerKwh: to.kgPerKwh.value },
  };
}

async function adviseModel(model: string, options: OptionValues, context: CommandContext): Promise<Outcome> {
  const settings = adviseSettings(options);
  const carbon = await carbonChoice(options);
  const move = await moveOf(settings, carbon);
  const data = settings.data === undefined ? undefined : openData(settings.data);
  const { dims, maxWaitS } = settings;
  const use = { ratePerS: settings.ratePerS, horizonS: settings.horizonS };
  const network = await openNetwork(model, 0);
  try {
    const work = countGraph(network.graph, { batch: 1, dims });
    const machine = await adviseMachine(model, work, settings, options);
    const { isHere, processor, cores } = machine;
    const masked = data?.train.columns.some(({ role }) => role === "mask") === true;
    const task: Task = {
      model,
      settings,
      machine,
      subject: { network, dims, train: data?.train, use, maxWaitS, cores, processor, isHere },
      data,
      loss: masked ? { kind: settings.loss, masked } : { kind: settings.loss },
      options,
      context,
    };
    // Here --rate is of inferences; in a session it would be that of reads.
    const { rate: _rate, ...sessionOptions } = options;
    const reads = settings.isTrying && isHere ? sessionOptions : { ...sessionOptions, measure: false };
    const recorded = await metered(`advise ${model}`, reads, context, (session) =>
      withInterrupts((signal) => tryAll(task, session, signal)),
    );
    const { value, remarks } = recorded;
    context.progress("");
    const { advice, joules } = await contextOf(task, work, recorded, move);
    const rows = rowsOf(advice, carbon);
    const { unsaid } = adviseOn(advice);
    const notes = [
      ...(value.isInterrupted ? ["interrupted: what was not tried by then is estimated, or not told"] : []),
      ...(settings.isTrying && isHere ? remarks : []),
      ...incompleteRemarks(work),
      ...(advice.beforeBasis === "measured" && options.idle === undefined
        ? ["joules hold the idle power too: give --idle 10s to take it off"]
        : []),
      ...(model.startsWith("zoo:") && data !== undefined
        ? ["a network of the zoo is not trained: its accuracy, and what quantising does to it, mean nothing"]
        : []),
      ...(data === undefined ? ["no --data: accuracy is not judged, and the joules of training are not known"] : []),
      "savings of several actions do not add up; after one of them, ask again",
      ...carbon.assumptions,
    ];
    const { seconds, bottleneck } = advice;
    const loadRatio = seconds === undefined ? undefined : seconds * use.ratePerS;
    return {
      result: {
        model,
        device: machine.name,
        isThisMachine: isHere,
        metric: machine.metric?.id ?? null,
        ratePerS: use.ratePerS,
        horizonS: use.horizonS,
        inferences: inferencesOf(use),
        perInferenceJ: { ...advice.before, basis: advice.beforeBasis },
        joules,
        seconds: seconds ?? null,
        loadRatio: loadRatio ?? null,
        bottleneck: bottleneck ?? null,
        accuracy: value.bench?.score?.accuracy ?? null,
        training: advice.training ?? null,
        region: carbon.region ?? null,
        actions: rows.map(advisedResult),
        unsaid,
        remarks: notes,
      },
      document: adviseDocument({
        model,
        device: machine.name,
        joules,
        ...use,
        before: advice.before,
        beforeBasis: advice.beforeBasis,
        loadRatio,
        bottleneck: bottleneck?.why,
        accuracy: value.bench?.score?.accuracy,
        rows,
        unsaid,
        notes,
      }),
      exitCode: value.isInterrupted ? INTERRUPTED : 0,
    };
  } finally {
    network.close();
  }
}

export const advise: Command = {
  name: "advise",
  summary: "what to do for fewer joules, ranked, with pay-back; and what will not help, with the reason",
  arguments: [{ name: "model", description: "an .onnx file, or a built-in network as zoo:NAME", required: true }],
  options: ADVISE_OPTIONS,
  notes: [
    "Without --on, what can be tried here is run beside the network and measured.",
    "For another device all joules are estimates. Nothing is changed or set.",
  ],
  examples: [
    "joulecast advise model.onnx --data DIR --rate 50/s --horizon 1y --region FI",
    "joulecast advise zoo:resnet50 --on rtx-3090 --rate 2000/s --horizon 2y --price 0.20EUR",
  ],
  run: async ([model = ""], options, context) => adviseModel(model, options, context),
};
