// `profile MODEL`: a sweep over batch sizes, then the best one again and again until its mean is sharp enough, then times the samples.

import { studentQuantile } from "../../../math/distribution.ts";
import { mean, standardDeviation } from "../../../math/statistics.ts";
import { type Ledger, openLedger } from "../../../measure/ledger.ts";
import type { Measurement } from "../../../measure/measurement.ts";
import type { Window } from "../../../measure/trace.ts";
import { readModel } from "../../../node/model.ts";
import type { ModelPlan, ModelRun } from "../../../node/run/model.ts";
import type { Session } from "../../../node/run/session.ts";
import { type BestBatch, bestBatch } from "../../../predict/profile/best-batch.ts";
import type { ProfileReport, SweepRow } from "../../../report/predicting/profile-report.ts";
import { formatDuration, formatRatio } from "../../../units/format.ts";
import { InputError } from "../../../units/input-error.ts";
import { parseCount } from "../../../units/parse.ts";
import type { CommandContext, OptionValues } from "../../command.ts";
import { countOption, dimensionsOption, listOption, positiveOption, shareOption } from "../../options.ts";
import { inSession, planOptions } from "../measuring/in-session.ts";
import { wallFactorOption } from "../measuring/machine-options.ts";
import { runtimeOptions } from "../running-options.ts";

const SWEEP: readonly number[] = [1, 2, 4, 8, 16, 32];
const DEFAULTS = { sectionS: 0.5, rounds: 3, precision: 0.02, limitS: 60 } as const;

/** Batches to try: those given, else a doubling series where the file leaves the batch open, else the file's own. */
async function batchesOf(model: string, options: OptionValues): Promise<readonly (number | undefined)[]> {
  const given = listOption(options, "--batch")?.map((text) => parseCount(text, 1, "--batch"));
  if (given !== undefined) return [...new Set(given)];
  const graph = await readModel(model);
  const isOpen = graph.inputs.some((name) => typeof graph.tensors.get(name)?.shape?.[0] === "string");
  return isOpen ? SWEEP : [undefined];
}

const samplesIn = ({ batch, timing }: ModelRun): number => batch * timing.passes;
const perSampleS = (run: ModelRun): number => run.timing.meanS / run.batch;

/** Half the 95 % interval of a mean, as a share of it; Infinity for fewer than two. */
function halfWidth(values: readonly number[]): number {
  if (values.length < 2) return Number.POSITIVE_INFINITY;
  const error = standardDeviation(values) / Math.sqrt(values.length);
  return (studentQuantile(0.975, values.length - 1) * error) / mean(values);
}

/** One batch size: what is shown of it, and all that was measured. */
interface MeasuredBatch extends SweepRow {
  readonly whole: Measurement;
}

interface Measured {
  readonly runs: readonly ModelRun[];
  readonly idle: readonly Window[];
  readonly runtimeVersion: string;
  readonly interrupted: boolean;
}

/** What the user asked for. */
interface ProfilePlan {
  readonly model: string;
  /** Undefined: the file's own. */
  readonly batches: readonly (number | undefined)[];
  readonly rounds: number;
  readonly precision: number;
  readonly limitS: number;
  readonly wallFactor: number;
  readonly idling: ReturnType<typeof planOptions>;
  /** How each section is run. */
  readonly section: Readonly<Pick<ModelPlan, "dims" | "durationS" | "threads" | "provider">>;
}

async function planOf(model: string, options: OptionValues): Promise<ProfilePlan> {
  return {
    model,
    batches: await batchesOf(model, options),
    rounds: countOption(options, "--rounds") ?? DEFAULTS.rounds,
    precision: shareOption(options, "--precision") ?? DEFAULTS.precision,
    limitS: positiveOption(options, "--limit", "s") ?? DEFAULTS.limitS,
    wallFactor: wallFactorOption(options),
    idling: planOptions(options),
    section: {
      dims: dimensionsOption(options, "--dim"),
      durationS: positiveOption(options, "--duration", "s") ?? DEFAULTS.sectionS,
      ...runtimeOptions(options),
    },
  };
}

/** Sections of every batch in turns, then of the one that needs least until its time is sharp. */
async function measureAll(session: Session, plan: ProfilePlan, context: CommandContext): Promise<Measured> {
  const { model, batches, rounds, precision, limitS, wallFactor, idling, section } = plan;
  const { runModel } = await import("../../../node/run/model.ts");
  const common = { model, ...section, onProgress: context.progress };
  const named = batches.filter((batch) => batch !== undefined);
  const sweep = await runModel(session, {
    ...common,
    ...idling,
    repeat: rounds,
    ...(named.length > 0 && { batches: named }),
  });
  const { idle, runtimeVersion } = sweep;
  const runs = [...sweep.runs];
  let interrupted = sweep.interrupted !== undefined;
  if (runs.length === 0)
    throw new InputError("interrupted", "interrupted before the first section ended", "run it again");
  const untilS = session.nowS() + limitS;
  while (!interrupted && session.nowS() < untilS) {
    const rows = sweepRows(runs, openLedger(await session.read(), idle, wallFactor));
    const best = rows.length === 0 ? undefined : bestBatch(rows).best;
    if (best === undefined || relativeWidth(best) <= precision) break;
    const more = await runModel(session, {
      ...common,
      idleS: 0,
      repeat: 2,
      ...(named.length > 0 && { batches: [best.batch] }),
    });
    runs.push(...more.runs);
    interrupted = more.interrupted !== undefined;
  }
  return { runs, idle, runtimeVersion, interrupted };
}

/** Everything about one batch, per sample; undefined where no joules were read. */
function sweepRow(batch: number, runs: readonly ModelRun[], whole: Measurement): MeasuredBatch | undefined {
  const { netJ, netLowJ, netHighJ, grossJ } = whole;
  if (netJ === undefined || netLowJ === undefined || netHighJ === undefined || grossJ === undefined) return undefined;
  const samples = mean(runs.map(samplesIn));
  const times = runs.map(perSampleS);
  const width = halfWidth(times);
  const timeS = mean(times);
  return {
    batch,
    perSampleJ: netJ / samples,
    lowJ: netLowJ / samples,
    highJ: netHighJ / samples,
    grossPerSampleJ: grossJ / samples,
    perSampleS: timeS,
    lowS: Number.isFinite(width) ? Math.max(0, timeS * (1 - width)) : undefined,
    highS: Number.isFinite(width) ? timeS * (1 + width) : undefined,
    sections: runs.length,
    whole,
  };
}

/** A row for each batch of which joules were read. */
function sweepRows(runs: readonly ModelRun[], ledger: Ledger): readonly MeasuredBatch[] {
  return [...new Set(runs.map(({ batch }) => batch))].flatMap((batch) => {
    const own = runs.filter((run) => run.batch === batch);
    return sweepRow(batch, own, ledger.repeats(own.map(({ window }) => window)).mean) ?? [];
  });
}

/** Half the 95 % interval of the time as a share of it. */
const relativeWidth = ({ perSampleS, highS = Number.POSITIVE_INFINITY }: SweepRow): number => highS / perSampleS - 1;

/** What the choice of a batch does not tell by itself. */
function choiceRemarks({ isByGross, alike }: BestBatch<SweepRow>, hasBaseline: boolean): string[] {
  return [
    ...(isByGross && hasBaseline
      ? [
          "energy above idle cannot be told from none, its interval holds 0: the batch of least energy is that of least energy with idle",
        ]
      : []),
    ...(alike.length > 0
      ? [`batch ${alike.map(({ batch }) => batch).join(", ")}: not told apart from the best, their intervals overlap`]
      : []),
  ];
}

function precisionRemarks(best: SweepRow, { precision, limitS }: ProfilePlan): string[] {
  const width = relativeWidth(best);
  if (width <= precision) return [];
  const reached = Number.isFinite(width) ? `is ${formatRatio(width)}` : "is not known from one section";
  return [
    `--precision ${formatRatio(precision)} was not reached within --limit ${formatDuration(limitS)}: half the 95 % interval of the time ${reached}`,
  ];
}

/** Runs the network and says what `samples` of them need. */
export async function profileModel(
  model: string,
  options: OptionValues,
  context: CommandContext,
): Promise<{ readonly report: ProfileReport; readonly runId: string; readonly remarks: readonly string[] }> {
  const samples = countOption(options, "--samples") ?? 1;
  const plan = await planOf(model, options);
  const { value, finished, runId, save } = await inSession(`profile ${model}`, options, context, (session) =>
    measureAll(session, plan, context),
  );
  const { runs, idle, runtimeVersion, interrupted } = value;
  const rows = sweepRows(runs, openLedger(finished.recording, idle, plan.wallFactor));
  if (rows.length === 0)
    throw new InputError(
      "no-energy",
      "no source was read while the network ran",
      "give --duration 2s or a higher --rate; `joulecast doctor` says how often a source has a new value",
    );
  const choice = bestBatch(rows);
  const { best } = choice;
  const kept = await save({
    measurements: [best.whole, ...rows.filter((row) => row !== best).map(({ whole }) => whole)],
    durationS: finished.endS,
    remarks: finished.remarks,
  });
  return {
    runId,
    remarks: kept,
    report: {
      model,
      samples,
      runtime: `onnxruntime ${runtimeVersion}`,
      kind: best.whole.kind,
      hasBaseline: idle.length > 0,
      best,
      sweep: rows.map(({ whole: _, ...row }) => row),
      measuredS: runs.reduce((sum, { timing }) => sum + timing.endS - timing.startS, 0),
      interrupted,
      remarks: [
        ...new Set([
          ...runs.flatMap(({ assumptions }) => assumptions),
          ...choiceRemarks(choice, idle.length > 0),
          ...(interrupted ? [] : precisionRemarks(best, plan)),
          ...finished.remarks,
        ]),
      ],
    },
  };
}
