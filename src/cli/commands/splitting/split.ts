// `joulecast split MODEL`: every cut of a network between a device and a server, its joules, bytes and time, and the best one.
import type { Fact } from "../../../report/document.ts";
import { quantityCell, ratioCell, textCell } from "../../../report/show.ts";
import { PRIVACY, sentCell, splitDocument } from "../../../report/splitting/split-report.ts";
import type { CostTable } from "../../../split/costs.ts";
import { findCut } from "../../../split/cuts.ts";
import { answerOf, type CutAnswer, decide, fastest, type Limits, NO_CUT, paretoFront } from "../../../split/decide.ts";
import type { PlannedSplit } from "../../../split/plan.ts";
import { radioAssumptions, type Uplink, uplink } from "../../../split/radio.ts";
import type { Place } from "../../../split/trajectory.ts";
import { formatQuantity } from "../../../units/format.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Command, CommandContext, OptionValues, Outcome } from "../../command.ts";
import { positiveOption, textOption } from "../../options.ts";
import { MODEL_ARGUMENT } from "../model-options.ts";
import { gainOption, pathNotes, RADIO_OPTIONS, radioOption } from "./radio-options.ts";
import { DATA_OPTIONS, dataExtra } from "./split-data.ts";
import {
  EXTRA_OPTIONS,
  type Extra,
  type ExtraInput,
  estimateExtra,
  type FadedRate,
  fadedRate,
  fadingExtra,
  powerExtra,
  tradeOffExtra,
  usersExtra,
} from "./split-extras.ts";
import { checkHalves, HALVES_OPTION, writeHalves } from "./split-halves.ts";
import {
  FORMAT_OPTIONS,
  MACHINE_OPTIONS,
  type Machines,
  machinesOption,
  NETWORK_OPTIONS,
  openSplitModel,
  problemOf,
  type SplitModel,
} from "./split-problem.ts";
import { placesOption, TRAJECTORY_OPTIONS, trajectoryOutcome } from "./split-trajectory.ts";

const finite = (value: number | undefined): number | null =>
  value === undefined || !Number.isFinite(value) ? null : value;

function cutResult({ network }: PlannedSplit, table: CostTable, answer: CutAnswer, index: number) {
  const cut = table.cuts[index]!;
  const { deviceJ, radioJ, totalJ, airtimeS, serverJ, latencyS } = answer;
  return {
    after: cut.after,
    layers: cut.layers,
    tensors: cut.sent.map((id) => network.tensors[id]!.name),
    raw: cut.isRaw,
    local: cut.isLocal,
    sentBytes: table.bits[index]! / 8,
    deviceJ,
    radioJ: finite(radioJ),
    totalJ: finite(totalJ),
    serverJ: finite(serverJ),
    airtimeS: finite(airtimeS),
    latencyS: finite(latencyS),
  };
}

/** A deadline can only be kept by what has times. */
function checkTimes({ table }: PlannedSplit, maxLatencyS: number | undefined): void {
  if (maxLatencyS === undefined) return;
  const known = table.cuts.some(
    (_, cut) => cut !== table.local && !Number.isNaN(table.deviceS[cut]! + table.serverS[cut]!),
  );
  if (known || !Number.isNaN(table.deviceS[table.local]!)) return;
  throw new InputError(
    "no-times",
    "--max-latency needs the times of the machines",
    "give --device and --server with machines that have peak rates, such as jetson-nano and rtx-3090",
  );
}

/** What the raw input would cost, and whether it would win. */
function rawNotes({ all, raw, table }: PlannedSplit, rate: number, link: Uplink, best: CutAnswer | undefined) {
  if (raw === undefined || table.cuts.includes(all.cuts[raw]!)) return [];
  const own = answerOf(all, raw, rate, link.sending);
  if (!Number.isFinite(own.totalJ)) return [];
  const wins = best !== undefined && own.totalJ < best.totalJ;
  const joules = formatQuantity(own.totalJ, "J");
  return [`${PRIVACY}; it would take ${joules}${wins ? ", less than the best cut here" : ""}`];
}

async function plannedPair(model: string, options: OptionValues, machines: Machines) {
  const pruned = textOption(options, "--pruned");
  const plan = async (name: string) => {
    const open = await openSplitModel(name, options);
    try {
      return { model: open, planned: await problemOf(open, options, machines) };
    } finally {
      open.close();
    }
  };
  const first = await plan(model);
  return pruned === undefined
    ? { ...first, uncompressed: undefined }
    : { ...(await plan(pruned)), uncompressed: first.planned };
}

/** What is asked, and the choice. */
interface Answered {
  readonly name: string;
  readonly model: SplitModel;
  readonly planned: PlannedSplit;
  readonly uncompressed: PlannedSplit | undefined;
  readonly machines: Machines;
  readonly link: Uplink;
  readonly gainRatio: number;
  readonly faded: FadedRate | undefined;
  /** Of the channel, or what stands for its fading; bit/s. */
  readonly rate: number;
  readonly maxLatencyS: number | undefined;
  readonly answers: readonly CutAnswer[];
  /** Index of the cut; NO_CUT when none is in time. */
  readonly chosen: number;
  /** The cut was named, and it is not in time. */
  readonly isLate: boolean;
  readonly pareto: readonly number[];
}

async function answered(name: string, options: OptionValues): Promise<Answered> {
  const link = uplink(radioOption(options));
  const gainRatio = gainOption(options);
  const maxLatencyS = positiveOption(options, "--max-latency", "s");
  const machines = await machinesOption(options);
  const { model, planned, uncompressed } = await plannedPair(name, options, machines);
  checkTimes(planned, maxLatencyS);
  const { table } = planned;
  const faded = fadedRate(options, link, gainRatio);
  const rate = faded?.rateBps ?? link.rateBps(gainRatio);
  const answers = table.cuts.map((_, cut) => answerOf(table, cut, rate, link.sending));
  const named = textOption(options, "--cut");
  const chosen =
    named === undefined
      ? decide(table, rate, link.sending, limitsOf(maxLatencyS))
      : table.cuts.indexOf(findCut(table.cuts, named));
  const isLate =
    chosen !== NO_CUT && maxLatencyS !== undefined && !((answers[chosen]!.latencyS ?? Number.NaN) <= maxLatencyS);
  const pareto = paretoFront(answers, table.bits);
  return {
    name,
    model,
    planned,
    uncompressed,
    machines,
    link,
    gainRatio,
    faded,
    rate,
    maxLatencyS,
    answers,
    chosen,
    isLate,
    pareto,
  };
}

const limitsOf = (maxLatencyS: number | undefined): Limits => ({ ...(maxLatencyS !== undefined && { maxLatencyS }) });

async function extrasOf(
  answer: Answered,
  places: readonly Place[] | undefined,
  options: OptionValues,
  context: CommandContext,
): Promise<readonly Extra[]> {
  const { name, planned, uncompressed, link, gainRatio, faded, maxLatencyS, chosen } = answer;
  const limits = limitsOf(maxLatencyS);
  const input: ExtraInput = { planned, link, gainRatio, limits, uncompressed, places };
  const ran = textOption(options, "--pruned") ?? name;
  const measured = await dataExtra(ran, planned.table.cuts[chosen]?.after, options, context);
  return [
    ...(places ? [trajectoryOutcome({ places, link, planned, uncompressed, limits }, options)] : []),
    ...(faded ? [fadingExtra(input, faded)] : []),
    ...[powerExtra, estimateExtra, usersExtra, tradeOffExtra].flatMap((extra) => extra(options, input) ?? []),
    ...(measured ? [measured] : []),
  ];
}

/** Why nothing gets through: short blocks end before the channel does. */
function closedWhy({ link: { radio, snrPerGain }, gainRatio, faded }: Answered): string {
  const snr = snrPerGain * gainRatio;
  if (radio.blocks === undefined || snr === 0) return "the link is closed";
  const where = faded === undefined ? `at an SNR of ${(10 * Math.log10(snr)).toFixed(1)} dB` : "in this fading";
  return `blocks of ${radio.blocks.uses} channel uses carry nothing ${where}, by the normal approximation`;
}

function closedEnd({ chosen, planned: { table } }: Answered): string {
  return chosen === NO_CUT || chosen === table.local
    ? "nothing is ever sent, the device works out the answer and keeps it"
    : `what the cut after ${table.cuts[chosen]!.after} would send never gets through`;
}

function warningsOf(answer: Answered): readonly string[] {
  const { rate, chosen, isLate, maxLatencyS, planned } = answer;
  const { table } = planned;
  const isTimeless = maxLatencyS !== undefined && Number.isNaN(table.serverS[0]!);
  return [
    ...(rate > 0 ? [] : [`${closedWhy(answer)}: ${closedEnd(answer)}`]),
    ...(chosen === NO_CUT ? [`no cut is within ${maxLatencyS} s`] : []),
    ...(isLate ? [`the cut after ${table.cuts[chosen]!.after} is not within ${maxLatencyS} s`] : []),
    ...(isTimeless
      ? ["the server's times are not known: only what stays on the device can be in time (--server)"]
      : []),
  ];
}

function notesOf(answer: Answered, extras: readonly Extra[], options: OptionValues): readonly string[] {
  const { planned, faded, rate, link, chosen, answers, model } = answer;
  return [
    ...(faded ? [faded.note] : []),
    ...rawNotes(planned, rate, link, answers[chosen]),
    ...pathNotes(options),
    ...radioAssumptions(link),
    ...planned.assumptions,
    ...model.assumptions,
    ...extras.flatMap((extra) => extra.notes ?? []),
  ];
}

function radioResult({ link, gainRatio, rate }: Answered) {
  const { radio, snrPerGain, meanSends, residualLossRatio } = link;
  const blocks = radio.blocks ?? null;
  return {
    ...radio,
    blocks,
    gain: gainRatio,
    rateBps: rate,
    snr: snrPerGain * gainRatio,
    meanSends,
    residualLossRatio,
  };
}

function resultOf(answer: Answered, options: OptionValues) {
  const { name, planned, machines, link, rate, answers, chosen, pareto, maxLatencyS } = answer;
  const { table, all, raw } = planned;
  const rows = answers.map((one, i) => cutResult(planned, table, one, i));
  const quickest = chosen === NO_CUT ? fastest(table, rate, link.sending) : NO_CUT;
  // The raw input is told beside the choices where it is none of them.
  const shown = raw === undefined || table.cuts.includes(all.cuts[raw]!) ? undefined : raw;
  return {
    model: name,
    pruned: textOption(options, "--pruned") ?? null,
    device: machines.device.id,
    server: machines.server?.id ?? null,
    radio: radioResult(answer),
    format: planned.network.format,
    maxLatencyS: maxLatencyS ?? null,
    cuts: rows,
    best: rows[chosen] ?? null,
    fastest: rows[quickest] ?? null,
    pareto: pareto.map((cut) => rows[cut]),
    raw: shown === undefined ? null : cutResult(planned, all, answerOf(all, shown, rate, link.sending), shown),
  };
}

function factsOf(
  { link, gainRatio, rate, chosen, answers, planned }: Answered,
  options: OptionValues,
): readonly Fact[] {
  const best = answers[chosen];
  const { meanSends, residualLossRatio } = link;
  return [
    { label: "rate", cell: quantityCell(rate, "bit/s") },
    { label: "SNR", cell: decibelCell(link.snrPerGain * gainRatio) },
    { label: "power while sending", cell: quantityCell(link.sending.powerW, "W") },
    {
      label: textOption(options, "--cut") === undefined ? "best cut" : "cut",
      cell: textCell(best && `after ${planned.table.cuts[chosen]!.after}`),
    },
    ...(best === undefined
      ? []
      : [
          { label: "device", cell: quantityCell(best.deviceJ, "J") },
          { label: "radio", cell: sentCell(best.radioJ, "J") },
          ...(meanSends > 1
            ? [{ label: "of it for repeats", cell: quantityCell(best.radioJ * (1 - 1 / meanSends), "J") }]
            : []),
          { label: "total", cell: sentCell(best.totalJ, "J") },
        ]),
    ...(residualLossRatio > 0 ? [{ label: "blocks lost for good", cell: ratioCell(residualLossRatio) }] : []),
  ];
}

async function splitModel(name: string, options: OptionValues, context: CommandContext): Promise<Outcome> {
  checkHalves(options);
  const places = placesOption(options, uplink(radioOption(options)));
  const answer = await answered(name, options);
  const { planned, model, machines, answers, chosen, isLate, pareto } = answer;
  const extras = await extrasOf(answer, places, options, context);
  const files = await writeHalves(textOption(options, "--pruned") ?? name, planned.table.cuts[chosen], options);
  const warnings = warningsOf(answer);
  const notes = notesOf(answer, extras, options);
  return {
    result: {
      ...resultOf(answer, options),
      ...Object.assign({}, ...extras.map(({ result }) => result)),
      files,
      assumptions: notes,
      warnings,
    },
    get document() {
      return splitDocument({
        title: `${model.shaped.graph.name} between ${machines.device.name} and ${machines.server?.name ?? "a server"}`,
        facts: factsOf(answer, options),
        table: planned.table,
        answers,
        best: chosen === NO_CUT ? undefined : chosen,
        pareto,
        notes,
        warnings,
        extra: extras.flatMap(({ sections }) => sections),
      });
    },
    exitCode: chosen === NO_CUT || isLate ? 1 : 0,
    remarks: [...warnings, ...files.map((file) => `wrote ${file}`)],
  };
}

/** An SNR in decibels for people. */
const decibelCell = (snr: number) =>
  snr > 0 ? { text: `${(10 * Math.log10(snr)).toFixed(1)} dB`, value: snr } : textCell("none");

export const split: Command = {
  name: "split",
  summary: "where to cut a network between a device and a server over a radio link, in joules",
  arguments: [MODEL_ARGUMENT],
  options: [
    ...MACHINE_OPTIONS,
    ...RADIO_OPTIONS,
    ...FORMAT_OPTIONS,
    { flags: "--max-latency <time>", description: "longest time from input to answer, such as 20ms" },
    { flags: "--cut <name>", description: "this cut instead of the best: the layer it comes after" },
    { flags: "--pruned <file>", description: "the compressed network: PS is chosen on it, PSNC on MODEL" },
    ...TRAJECTORY_OPTIONS,
    ...EXTRA_OPTIONS,
    ...DATA_OPTIONS,
    HALVES_OPTION,
    ...NETWORK_OPTIONS,
  ],
  examples: [
    "joulecast split zoo:mnist-cnn --bandwidth 15MHz --gain 0.3",
    "joulecast split model.onnx --device jetson-nano --server rtx-3090 --bandwidth 20MHz --power 100mW --noise thermal --distance 50 --path-loss 3.2 --max-latency 20ms",
    "joulecast split zoo:mnist-cnn --bandwidth 15kHz --trajectory walk --json",
  ],
  run: async ([model = ""], options, context) => splitModel(model, options, context),
};
