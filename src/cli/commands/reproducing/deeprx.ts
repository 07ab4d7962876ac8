// `joulecast reproduce deeprx`: every figure and table of the DeepRx case study, trained and judged here at a scale that the machine can bear.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { readCatalogue } from "../../../node/catalogue.ts";
import { writeWhole } from "../../../node/files.ts";
import { htmlPage } from "../../../node/html-page.ts";
import { type DeepRxFolder, doTraining, judge, REFERENCES, readTraining } from "../../../node/radio/deeprx-study.ts";
import { shrinkFurther } from "../../../node/radio/shrink-deeprx.ts";
import { withInterrupts } from "../../../node/run/interrupts.ts";
import { renderCsv } from "../../../report/csv.ts";
import type { Document } from "../../../report/document.ts";
import { type DeepRxResults, deepRxSections, differenceRow, gainRows } from "../../../report/radio/deeprx-report.ts";
import { deepRxEnergy } from "../../../study/papers/deeprx/energy.ts";
import type { TrainingRecord } from "../../../study/papers/deeprx/result.ts";
import { SCALES } from "../../../study/papers/deeprx/scale.ts";
import { pointsOf, trainingsOf } from "../../../study/papers/deeprx/trainings.ts";
import { unknownName } from "../../../units/nearest.ts";
import type { CommandContext, OptionValues } from "../../command.ts";
import { countOption, quantityOption, textOption } from "../../options.ts";
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

async function run(options: OptionValues, context: CommandContext): Promise<Reproduced> {
  const scale = chosenScale(options);
  const path = resolve(textOption(options, "--folder") ?? `deeprx-${scale.id}`);
  mkdirSync(path, { recursive: true });
  const folder: DeepRxFolder = { path, scale };
  const points = pointsOf(scale);
  const trainings = trainingsOf(points);
  const threads = countOption(options, "--threads");
  const records = new Map<string, TrainingRecord>();
  const isInterrupted = await withInterrupts(async (signal) => {
    for (const [i, training] of trainings.entries()) {
      const known = readTraining(folder, training.id);
      const record =
        known ??
        (await doTraining(folder, training, {
          signal,
          ...(threads !== undefined && { threads }),
          onStep: (done, total, loss) =>
            context.progress({
              label: `training ${i + 1} of ${trainings.length} (${training.id}), loss ${loss.toPrecision(3)}`,
              done,
              total,
              unit: "steps",
            }),
        }));
      if (record === undefined) return true;
      records.set(training.id, record);
    }
    return false;
  });
  const [chosen] = points.compared.taught;
  const canShrink = !isInterrupted && chosen !== undefined && records.has(chosen.id);
  if (canShrink) context.progress("pruning and quantising the distilled student");
  const combined = canShrink ? await withInterrupts((signal) => shrinkFurther(folder, chosen, signal)) : undefined;
  context.progress("judging the references");
  const referenceBer = (await judge(scale, REFERENCES))!;
  const catalogue = await readCatalogue();
  const measured = await measuredHere("zoo:deeprx", options, context);
  const results: DeepRxResults = {
    scale,
    points,
    records,
    references: REFERENCES.map((name, i) => ({ name, ber: referenceBer[i]! })),
    energy: deepRxEnergy(
      catalogue,
      catalogue.find(({ id }) => id === PROCESS),
    ),
    gainAt: quantityOption(options, "--ber", "ratio", 1e-9, 0.5) ?? 1e-3,
    measured,
    ...(combined && { combined }),
  };
  const rows = [...results.energy.rows, differenceRow(results), ...gainRows(results)];
  const sections = deepRxSections(results);
  const document: Document = { title: TITLE, subtitle: `scale ${scale.id}`, sections };
  const files = [join(path, "deeprx.html"), join(path, "deeprx.csv"), join(path, "trainings.json")];
  await writeWhole(files[0]!, [
    await htmlPage(document, { version: context.version, argv: ["reproduce", "deeprx", "--scale", scale.id] }),
  ]);
  await writeWhole(files[1]!, [renderCsv(document)]);
  await writeWhole(files[2]!, [`${JSON.stringify([...records.values()], null, 1)}\n`]);
  const left = trainings.length - records.size;
  return {
    rows,
    files,
    sections,
    details: { scale: scale.id, evidence: scale.evidence, trainings: trainings.length, done: records.size },
    remarks: [
      ...files.map((file) => `wrote ${file}`),
      ...(isInterrupted
        ? [`interrupted with ${left} trainings left: run it again with the same --folder to go on`]
        : []),
    ],
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
    { flags: "--no-measure", description: "deeprx: do not look for power sources here" },
  ],
  run,
};
