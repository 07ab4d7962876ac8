// What `measure` and `compare` share around a session: its options, its journal in the store, and keeping the run at the end.
// The database is loaded only after the run: it takes longer than all the rest of the start.
import { rmSync } from "node:fs";
import type { Measurement } from "../../../measure/measurement.ts";
import { checkWritable } from "../../../node/files.ts";
import type { FinishedSession, Session } from "../../../node/run/session.ts";
import { prepareHome } from "../../../node/store/home.ts";
import { newRunId } from "../../../node/store/run-id.ts";
import { InputError } from "../../../units/input-error.ts";
import type { CommandContext, OptionSpec, OptionValues } from "../../command.ts";
import { countOption, offOption, quantityOption, textOption } from "../../options.ts";
import { accessHere, machineSpec, SOURCE_OPTIONS, samplingRate } from "./machine-options.ts";

export const SESSION_OPTIONS: readonly OptionSpec[] = [
  { flags: "--idle <time>", description: "idle time before, for the baseline; 0 for none (default 10s)" },
  { flags: "--idle-after <time>", description: "idle time after, to see drift (default 0: none)" },
  ...SOURCE_OPTIONS,
  { flags: "--record <file>", description: "write all that was read to a file, for --replay" },
  { flags: "--label <text>", description: "a name for the run in the history" },
  { flags: "--no-save", description: "do not keep the run in the history" },
];

/** Names of windows in which nothing is run. */
export const IDLE = /^idle(-after)?$/;
const NOT_STARTED: readonly string[] = ["not-found", "not-executable"];

/** Counts and times of the plan, as commands and models take them. */
export function planOptions(options: OptionValues) {
  const idleS = quantityOption(options, "--idle", "s");
  const idleAfterS = quantityOption(options, "--idle-after", "s");
  const repeat = countOption(options, "--repeat");
  const warmup = countOption(options, "--warmup", 0);
  return {
    ...(idleS !== undefined && { idleS }),
    ...(idleAfterS !== undefined && { idleAfterS }),
    ...(repeat !== undefined && { repeat }),
    ...(warmup !== undefined && { warmup }),
  };
}

/** A session's end, with what is needed to keep the run. */
export interface Recorded<T> {
  readonly value: T;
  readonly finished: FinishedSession;
  readonly runId: string;
  /** Keeps the run in the store, unless --no-save; gives lines for stderr. */
  save(kept: {
    readonly measurements: readonly Measurement[];
    readonly durationS: number;
    readonly exitCode?: number;
    readonly remarks: readonly string[];
  }): Promise<readonly string[]>;
}

/** What was run before `error` is worth keeping; a start that failed left a window too, in which nothing ran. */
function nothingRan({ windows }: FinishedSession, error: InputError): boolean {
  const tried = windows.filter(({ name }) => !IDLE.test(name)).length;
  return tried - (NOT_STARTED.includes(error.code) ? 1 : 0) <= 0;
}

/**
 * Opens a session as the options say, does `work` in it and closes it, also when `work` throws.
 * @param command as a person would type it, for the history
 */
export async function inSession<T>(
  command: string,
  options: OptionValues,
  context: CommandContext,
  work: (session: Session) => Promise<T>,
  exitCodeOf: (value: T) => number | undefined = () => undefined,
): Promise<Recorded<T>> {
  const recordPath = textOption(options, "--record");
  if (recordPath !== undefined) checkWritable(recordPath);
  const rateHz = samplingRate(options);
  const machine = await machineSpec(options);
  const paths = offOption(options, "--no-save") ? undefined : prepareHome();
  const label = textOption(options, "--label");
  const [{ openSession }, { readEnvironment }] = await Promise.all([
    import("../../../node/run/session.ts"),
    import("../../../node/store/environment.ts"),
  ]);
  const runId = newRunId();
  const startedAt = new Date().toISOString();
  const environment = readEnvironment(accessHere(), {
    version: context.version,
    replayed: machine.replay !== undefined,
  });
  const provenance = [...(label === undefined ? [] : [`label: ${label}`])];
  const journal = paths && { folder: paths.journals, runId, command, environment, provenance };
  const session = await openSession({
    machine,
    ...(rateHz !== undefined && { rateHz }),
    ...(journal && { journal }),
  });
  let value: T;
  try {
    value = await work(session);
  } catch (error) {
    const ended = await session.close();
    // What was recorded outlives the error: the next start recovers it.
    if (error instanceof InputError && paths !== undefined && nothingRan(ended, error))
      rmSync(session.journalPath, { force: true });
    throw error;
  } finally {
    context.progress("");
  }
  const finished = await session.close(exitCodeOf(value));
  if (recordPath !== undefined) {
    const [{ encodeRecording }, { writeWhole }] = await Promise.all([
      import("../../../measure/recording-json.ts"),
      import("../../../node/files.ts"),
    ]);
    await writeWhole(recordPath, [`${encodeRecording(finished.recording)}\n`]);
  }
  return {
    value,
    finished,
    runId,
    async save({ measurements, durationS, exitCode, remarks }) {
      const wrote = recordPath === undefined ? [] : [`wrote ${recordPath}`];
      if (paths === undefined) return wrote;
      const { openStore } = await import("../../../node/store/runs.ts");
      const messages: string[] = [];
      const store = openStore({ home: paths.home, onMessage: (message) => messages.push(message) });
      const gpus = finished.sources.filter(({ domain }) => domain === "gpu").map(({ name }) => name);
      const run = {
        id: runId,
        startedAt,
        command,
        kind: measurements[0]?.kind,
        complete: finished.complete,
        durationS,
        ...(exitCode !== undefined && { exitCode }),
        measurements,
        windows: finished.windows,
        sources: finished.sources,
        environment: { ...environment, gpus: [...new Set(gpus)] },
        provenance: [
          ...provenance,
          ...finished.sources.map((source) => `${source.id}: ${source.provenance}`),
          ...finished.unusable.map(({ id, reason }) => `not read: ${id}: ${reason}`),
          ...remarks,
        ],
      };
      try {
        await store.saveRun(run, finished.recording);
        await store.recover();
        messages.push(`kept as run ${runId} (\`joulecast history\`)`);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        messages.push(`the run is not in the history: ${error.message}; its journal is ${finished.journalPath}`);
      }
      return [...wrote, ...messages];
    },
  };
}
