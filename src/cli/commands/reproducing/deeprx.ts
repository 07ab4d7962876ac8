// `joulecast reproduce deeprx`: every figure and table of the DeepRx case study, trained and judged here at a scale that the machine can bear.
import { join, resolve } from "node:path";
import { readCatalogue } from "../../../node/catalogue.ts";
import { writeWhole } from "../../../node/files.ts";
import { checkWritableFolder } from "../../../node/folders.ts";
import { htmlPage } from "../../../node/html-page.ts";
import {
  type DeepRxFolder,
  type DoTrainingOptions,
  doTraining,
  judgeReferences,
  REFERENCES,
  readTraining,
} from "../../../node/radio/deeprx-study.ts";
import { shrinkFurther } from "../../../node/radio/shrink-deeprx.ts";
import { withInterrupts } from "../../../node/run/interrupts.ts";
import type { Session } from "../../../node/run/session.ts";
import { onnxRuntime } from "../../../node/runtime/onnx-runtime.ts";
import { sessionMeter } from "../../../node/runtime/session-meter.ts";
import { renderCsv } from "../../../report/csv.ts";
import type { Document } from "../../../report/document.ts";
import { reproduceDocument } from "../../../report/predicting/reproduce-report.ts";
import {
  type CombinedStep,
  type DeepRxResults,
  deepRxSections,
  differenceRow,
  gainRows,
  referenceRows,
} from "../../../report/radio/deeprx-report.ts";
import { deepRxEnergy } from "../../../study/papers/deeprx/energy.ts";
import type { BerPoint, TrainingRecord } from "../../../study/papers/deeprx/result.ts";
import { SCALES } from "../../../study/papers/deeprx/scale.ts";
import { pointsOf, trainingsOf } from "../../../study/papers/deeprx/trainings.ts";
import { unknownName } from "../../../units/nearest.ts";
import type { CommandContext, OptionValues } from "../../command.ts";
import { countOption, quantityOption, textOption } from "../../options.ts";
import { metered } from "../learning/learning-energy.ts";
import { oneOf, PROVIDERS } from "../learning/learning-options.ts";
import { threadsOption } from "../threads-option.ts";
import { measuredHere } from "./measured-here.ts";
import type { Reproduced, Reproduction } from "./reproduction.ts";

const PROCESS = "horowitz-45nm";
const TITLE = "Energy efficiency in AI for 5G and beyond: DeepRx [DeepRxEnergy]";

function chosenScale(options: OptionValues) {
  const name = textOption(options, "--scale") ?? "smoke";
  if (!Object.hasOwn(SCALES, name)) throw unknownName("scale", name, Object.keys(SCALES), "give smoke, small or full");
  const scale = SCALES[name as keyof typeof SCALES];
  const seeds = countOption(options, "--seeds");
  const steps = countOption(options, "--steps");
  return {
    ...scale,
    ...(seeds !== undefined && { seeds }),
    ...(steps !== undefined && { recipe: { ...scale.recipe, steps } }),
  };
}

/** What the trainings gave, as far as they went. */
interface Trained {
  readonly records: ReadonlyMap<string, TrainingRecord>;
  readonly references: readonly (readonly BerPoint[])[] | undefined;
  readonly combined: readonly CombinedStep[] | undefined;
  readonly isInterrupted: boolean;
}

/** Does every training that is not done, then prunes and quantises, then judges the references; ends early at Ctrl-C. */
async function trainAll(
  folder: DeepRxFolder,
  options: OptionValues,
  context: CommandContext,
  session: Session | undefined,
  signal: AbortSignal,
): Promise<Trained> {
  const points = pointsOf(folder.scale);
  const trainings = trainingsOf(points);
  const threads = threadsOption(options);
  const provider = oneOf(options, "--provider", PROVIDERS, "cpu");
  const records = new Map<string, TrainingRecord>();
  const told = (name: string): DoTrainingOptions => ({
    signal,
    runtime: onnxRuntime({ provider }),
    ...(threads !== undefined && { threads }),
    ...(session && { meter: sessionMeter(session, { prefix: `${name}, ` }) }),
    onStep: (done, total, loss) =>
      context.progress({ label: `${name}, loss ${loss.toPrecision(3)}`, done, total, unit: "steps" }),
  });
  const stopped: Omit<Trained, "isInterrupted"> = { records, references: undefined, combined: undefined };
  for (const [i, training] of trainings.entries()) {
    const name = `training ${i + 1} of ${trainings.length} (${training.id})`;
    const record = readTraining(folder, training.id) ?? (await doTraining(folder, training, told(name)));
    if (record === undefined) return { ...stopped, isInterrupted: true };
    records.set(training.id, record);
  }
  const [chosen] = points.compared.taught;
  const combined = await shrinkFurther(folder, chosen!, told("pruning and training again"));
  if (combined === undefined) return { ...stopped, isInterrupted: true };
  context.progress("judging the references");
  const references = await judgeReferences(folder, signal);
  return { records, combined, references, isInterrupted: references === undefined };
}

async function run(options: OptionValues, context: CommandContext): Promise<Reproduced> {
  const scale = chosenScale(options);
  const path = resolve(textOption(options, "--folder") ?? `deeprx-${scale.id}`);
  checkWritableFolder(path);
  const points = pointsOf(scale);
  const { value, remarks: metering } = await metered("reproduce deeprx", options, context, (session) =>
    withInterrupts((signal) => trainAll({ path, scale }, options, context, session, signal)),
  );
  const { records, references, combined, isInterrupted } = value;
  const catalogue = await readCatalogue();
  const measured = isInterrupted ? undefined : await measuredHere("zoo:deeprx", options, context);
  const results: DeepRxResults = {
    scale,
    points,
    records,
    references: REFERENCES.flatMap((name, i) => (references === undefined ? [] : [{ name, ber: references[i]! }])),
    energy: deepRxEnergy(
      catalogue,
      catalogue.find(({ id }) => id === PROCESS),
    ),
    gainAt: quantityOption(options, "--ber", "ratio", 1e-9, 0.5) ?? 1e-3,
    measured,
    ...(combined && { combined }),
  };
  const rows = [...results.energy.rows, differenceRow(results), ...referenceRows(results), ...gainRows(results)];
  const sections = deepRxSections(results);
  const published = reproduceDocument(TITLE, rows);
  const document: Document = {
    ...published,
    subtitle: `published against ours, scale ${scale.id}`,
    sections: [...published.sections, ...sections],
  };
  const files = [join(path, "deeprx.html"), join(path, "deeprx.csv"), join(path, "trainings.json")];
  const argv = ["reproduce", "deeprx", "--scale", scale.id];
  await writeWhole(files[0]!, [await htmlPage(document, { version: context.version, argv })]);
  await writeWhole(files[1]!, [renderCsv(document)]);
  await writeWhole(files[2]!, [`${JSON.stringify([...records.values()], null, 1)}\n`]);
  const all = trainingsOf(points).length;
  const left = `interrupted with ${all - records.size} of ${all} trainings left: run it again with the same --folder to go on`;
  return {
    rows,
    files,
    sections,
    details: { scale: scale.id, evidence: scale.evidence, trainings: all, done: records.size },
    remarks: [...metering, ...files.map((file) => `wrote ${file}`), ...(isInterrupted ? [left] : [])],
    exitCode: isInterrupted ? 130 : 0,
  };
}

export const deeprx: Reproduction = {
  title: TITLE,
  options: [
    {
      flags: "--scale <name>",
      description: "deeprx: smoke (minutes), small (an hour or more on two cores) or full (default smoke)",
    },
    {
      flags: "--folder <path>",
      description: "deeprx: where trainings are kept and gone on from (default deeprx-SCALE here)",
    },
    { flags: "--seeds <n>", description: "deeprx: trainings of each point (default: the scale's)" },
    { flags: "--steps <n>", description: "deeprx: steps of each training (default: the scale's)" },
    { flags: "--ber <ratio>", description: "deeprx: where gains are told (default 1e-3)" },
    { flags: "--threads <n>", description: "deeprx: threads within an operator (default: one per physical core)" },
    {
      flags: "--provider <name>",
      description: "deeprx: what ONNX Runtime trains on (default cpu; the others are untried)",
    },
    { flags: "--no-measure", description: "deeprx: do not read any power source" },
    { flags: "--no-save", description: "deeprx: do not keep the run in the history" },
  ],
  run,
};
