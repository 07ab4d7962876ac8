// `profile MODEL`: a sweep over batch sizes, then the best one again and again until its mean is sharp enough, then times the samples.

import { studentQuantile } from "../../../math/distribution.ts";
import { mean, standardDeviation } from "../../../math/statistics.ts";
import { openLedger } from "../../../measure/ledger.ts";
import type { Measurement } from "../../../measure/measurement.ts";
import type { Window } from "../../../measure/trace.ts";
import { readModel } from "../../../node/model.ts";
import type { ModelRun } from "../../../node/run/model.ts";
import type { Session } from "../../../node/run/session.ts";
import type { ProfileReport, SweepRow } from "../../../report/predicting/profile-report.ts";
import { InputError } from "../../../units/input-error.ts";
import { parseCount } from "../../../units/parse.ts";
import type { CommandContext, OptionValues } from "../../command.ts";
import { countOption, dimensionsOption, listOption, positiveOption, shareOption, textOption } from "../../options.ts";
import { inSession, planOptions } from "../measuring/in-session.ts";

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

interface Measured {
  readonly runs: readonly ModelRun[];
  readonly idle: readonly Window[];
  readonly runtimeVersion: string;
  readonly interrupted: boolean;
}

/** Sections of every batch in turns, then of the one that needs least until its time is sharp. */
async function measureAll(
  session: Session,
  model: string,
  batches: readonly (number | undefined)[],
  options: OptionValues,
  context: CommandContext,
): Promise<Measured> {
  const { runModel } = await import("../../../node/run/model.ts");
  const dims = dimensionsOption(options, "--dim");
  const threads = countOption(options, "--threads");
  const provider = textOption(options, "--provider");
  const precision = shareOption(options, "--precision") ?? DEFAULTS.precision;
  const limitS = positiveOption(options, "--limit", "s") ?? DEFAULTS.limitS;
  const common = {
    model,
    dims,
    durationS: positiveOption(options, "--duration", "s") ?? DEFAULTS.sectionS,
    ...(threads !== undefined && { threads }),
    ...(provider !== undefined && { provider }),
    onProgress: context.progress,
  };
  const named = batches.filter((batch) => batch !== undefined);
  const sweep = await runModel(session, {
    ...common,
    ...planOptions(options),
    repeat: countOption(options, "--rounds") ?? DEFAULTS.rounds,
    ...(named.length > 0 && { batches: named }),
  });
  const { idle, runtimeVersion } = sweep;
  const runs = [...sweep.runs];
  let interrupted = sweep.interrupted !== undefined;
  if (runs.length === 0)
    throw new InputError("interrupted", "interrupted before the first section ended", "run it again");
  const ledger = openLedger(await session.read(), idle);
  const tried = [...new Set(runs.map(({ batch }) => batch))];
  const energyOf = (batch: number) => {
    const own = runs.filter((run) => run.batch === batch);
    const { netJ = Number.POSITIVE_INFINITY } = ledger.repeats(own.map(({ window }) => window)).mean;
    return netJ / mean(own.map(samplesIn));
  };
  const best = tried.reduce((a, b) => (energyOf(b) < energyOf(a) ? b : a));
  const untilS = session.nowS() + limitS;
  while (!interrupted && session.nowS() < untilS) {
    const own = runs.filter((run) => run.batch === best);
    if (halfWidth(own.map(perSampleS)) <= precision) break;
    const more = await runModel(session, {
      ...common,
      idleS: 0,
      repeat: 2,
      ...(named.length > 0 && { batches: [best] }),
    });
    runs.push(...more.runs);
    interrupted = more.interrupted !== undefined;
  }
  return { runs, idle, runtimeVersion, interrupted };
}

/** Everything about one batch, per sample; undefined where no joules were read. */
function sweepRow(batch: number, runs: readonly ModelRun[], whole: Measurement): SweepRow | undefined {
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
  };
}

/** Runs the network and says what `samples` of them need. */
export async function profileModel(
  model: string,
  options: OptionValues,
  context: CommandContext,
): Promise<{ readonly report: ProfileReport; readonly runId: string; readonly remarks: readonly string[] }> {
  const samples = countOption(options, "--samples") ?? 1;
  const batches = await batchesOf(model, options);
  const { value, finished, runId, save } = await inSession(`profile ${model}`, options, context, (session) =>
    measureAll(session, model, batches, options, context),
  );
  const { runs, idle, runtimeVersion, interrupted } = value;
  const ledger = openLedger(finished.recording, idle);
  const measured = [...new Set(runs.map(({ batch }) => batch))].flatMap((batch) => {
    const own = runs.filter((run) => run.batch === batch);
    const whole = ledger.repeats(own.map(({ window }) => window)).mean;
    const row = sweepRow(batch, own, whole);
    return row === undefined ? [] : [{ row, whole }];
  });
  if (measured.length === 0)
    throw new InputError(
      "no-energy",
      "no source was read while the network ran",
      "give --duration 2s or a higher --rate; `joulecast doctor` says how often a source has a new value",
    );
  const best = measured.reduce((a, b) => (b.row.perSampleJ < a.row.perSampleJ ? b : a));
  const kept = await save({
    measurements: [best.whole, ...measured.filter((each) => each !== best).map(({ whole }) => whole)],
    durationS: finished.endS,
    remarks: finished.remarks,
  });
  const within = measured.filter(({ row }) => row !== best.row && row.lowJ <= best.row.perSampleJ);
  return {
    runId,
    remarks: kept,
    report: {
      model,
      samples,
      runtime: `onnxruntime ${runtimeVersion}`,
      kind: best.whole.kind,
      hasBaseline: idle.length > 0,
      best: best.row,
      sweep: measured.map(({ row }) => row),
      measuredS: runs.reduce((sum, { timing }) => sum + timing.endS - timing.startS, 0),
      interrupted,
      remarks: [
        ...new Set([
          ...runs.flatMap(({ assumptions }) => assumptions),
          ...(within.length > 0
            ? [
                `batch ${within.map(({ row }) => row.batch).join(", ")}: not told apart from the best, their intervals overlap`,
              ]
            : []),
          ...finished.remarks,
        ]),
      ],
    },
  };
}
