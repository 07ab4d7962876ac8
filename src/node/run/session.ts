// One measuring session: a sampler that runs, windows and marks put into its recording, and the recording at the end.
// What is run inside a window is the business of commands.ts and model.ts, what it means is measure/.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SourceInfo, Unusable } from "../../measure/power-source.ts";
import type { Recording, Window } from "../../measure/trace.ts";
import { CLOSE, OPEN, windowsFrom } from "../../measure/windows.ts";
import { InputError } from "../../units/input-error.ts";
import { machineAccess } from "../meters/machine-access.ts";
import { checkWallMeter } from "../meters/wall-meter.ts";
import { checkRate, DEFAULT_RATE_HZ, startSampler } from "../sampler/client.ts";
import type { JournalPlan, MachineSpec, SamplerStats } from "../sampler/protocol.ts";
import { readEnvironment } from "../store/environment.ts";
import { lastTimeS, readJournal } from "../store/journal-read.ts";
import { identify } from "../store/process-identity.ts";
import { newRunId } from "../store/run-id.ts";
import { waitS } from "./interrupts.ts";

export interface SessionOptions {
  /** Reads per second, in (0, 1000]. Default 10. */
  readonly rateHz?: number;
  /** What is read. Default: this machine. */
  readonly machine?: MachineSpec;
  /** Journal that is kept, in the store's folder. Default: a temporary one, removed at the end. */
  readonly journal?: Omit<JournalPlan, "owner">;
  /** Go on without a source that can be read, or without the one that was named: to tell of it. Default false. */
  readonly allowNoSources?: boolean;
}

/** A recording that has ended. */
export interface FinishedSession {
  readonly recording: Recording;
  /** All windows, by session and by marks, in order of opening. */
  readonly windows: readonly Window[];
  /** Duration of the recording, s. */
  readonly endS: number;
  /** What the sampler did; undefined when it was killed. */
  readonly stats: SamplerStats | undefined;
  /** False when the sampler was killed: the recording ends before the session did. */
  readonly complete: boolean;
  readonly sources: readonly SourceInfo[];
  readonly unusable: readonly Unusable[];
  /** Windows that were not closed or not open, journal that could not be written. */
  readonly remarks: readonly string[];
  /** The journal, where it was to be kept. */
  readonly journalPath: string | undefined;
}

export interface Session {
  readonly sources: readonly SourceInfo[];
  readonly unusable: readonly Unusable[];
  readonly journalPath: string;
  /** Process id of the sampler. */
  readonly samplerPid: number | undefined;
  /** Time since the recording began, s. */
  nowS(): number;
  /** Recording time of a monotonic time (clock.ts), s. */
  timeOf(monotonicS: number): number;
  /** Waits and records; nothing should run meanwhile. Less when `signal` is aborted. */
  idle(seconds: number, options?: { readonly name?: string; readonly signal?: AbortSignal }): Promise<Window>;
  /** Runs `work` in a window; the window closes also when it throws. */
  window<T>(name: string, work: () => Promise<T> | T): Promise<{ readonly value: T; readonly window: Window }>;
  /** Opens a window by name; windows may overlap. @returns recording time, s */
  openWindow(name: string, timeS?: number): number;
  /** Closes the window of that name that was opened last. @returns recording time, s */
  closeWindow(name: string, timeS?: number): number;
  /** @param timeS recording time, default now */
  mark(name: string, value?: string | number, timeS?: number): Promise<void>;
  stats(): Promise<SamplerStats>;
  /** Whether a signal that this program has just got was sent to its whole process group, so that its children have it too. */
  isForGroup(name: NodeJS.Signals): Promise<boolean>;
  /** What is recorded up to now. */
  read(): Promise<Recording>;
  /** Ends the recording. A session is closed once. */
  close(exitCode?: number): Promise<FinishedSession>;
  /** From now on the sampler does not keep this program from ending. */
  unref(): void;
}

function temporaryPlan(machine: MachineSpec): JournalPlan {
  const access = machineAccess(machine.root === undefined ? {} : { root: machine.root });
  return {
    folder: mkdtempSync(join(tmpdir(), "joulecast-")),
    runId: newRunId(),
    command: "",
    environment: readEnvironment(access, { version: "" }),
    provenance: [],
  };
}

/** @throws InputError "no-wall-meter" | "no-sources" */
function checkSources(sources: readonly SourceInfo[], unusable: readonly Unusable[]): void {
  checkWallMeter(unusable);
  if (sources.length > 0) return;
  const reasons = unusable.map(({ id, reason }) => `${id}: ${reason}`).join("; ");
  throw new InputError(
    "no-sources",
    `no power source can be read${reasons === "" ? "" : ` (${reasons})`}`,
    "run `joulecast doctor`: it says what is missing and which command mends it",
  );
}

/**
 * Starts recording.
 * @throws InputError "no-sources" when nothing can be read, "no-wall-meter", "bad-rate", or what the journal's disk says
 */
export async function openSession(options: SessionOptions = {}): Promise<Session> {
  const { rateHz = DEFAULT_RATE_HZ, machine = {}, allowNoSources = false } = options;
  checkRate(rateHz);
  const keep = options.journal !== undefined;
  const journal = { ...(options.journal ?? temporaryPlan(machine)), owner: identify() };
  const forget = () => {
    if (!keep) rmSync(journal.folder, { recursive: true, force: true });
  };
  const sampler = await startSampler({ machine, rateHz, journal, keep }).catch((error: unknown) => {
    forget();
    throw error;
  });
  const { sources, unusable, journalPath } = sampler;
  try {
    if (!allowNoSources) checkSources(sources, unusable);
  } catch (error) {
    await sampler.stop();
    if (keep) rmSync(journalPath, { force: true });
    forget();
    throw error;
  }

  const set = (name: string, value: string, timeS: number): number => {
    void sampler.mark(name, value, timeS);
    return timeS;
  };
  const session: Session = {
    sources,
    unusable,
    journalPath,
    samplerPid: sampler.pid,
    nowS: sampler.nowS,
    timeOf: (monotonicS) => monotonicS - sampler.startS,
    async idle(seconds, { name = "idle", signal } = {}) {
      return (await session.window(name, () => waitS(seconds, signal))).window;
    },
    async window(name, work) {
      const fromS = session.openWindow(name);
      let toS: number | undefined;
      try {
        const value = await work();
        toS = session.closeWindow(name);
        return { value, window: { name, fromS, toS } };
      } finally {
        if (toS === undefined) session.closeWindow(name);
      }
    },
    openWindow: (name, timeS = sampler.nowS()) => set(OPEN, name, timeS),
    closeWindow: (name, timeS = sampler.nowS()) => set(CLOSE, name, timeS),
    mark: (name, value, timeS = sampler.nowS()) => sampler.mark(name, value, timeS),
    stats: sampler.stats,
    isForGroup: sampler.isForGroup,
    async read() {
      await sampler.flush();
      return readJournal(journalPath).recording;
    },
    async close(exitCode) {
      try {
        const stopped = await sampler.stop(exitCode).catch(String);
        const { recording, damagedFrames } = readJournal(journalPath);
        const isKilled = typeof stopped === "string";
        const { endS, stats } = isKilled ? { endS: lastTimeS(recording), stats: undefined } : stopped;
        const { windows, remarks } = windowsFrom(recording.marks, endS);
        const problem = stats?.journalProblem;
        const lost = [
          ...(problem === undefined ? [] : [`samples were lost: ${problem.message}`]),
          ...(isKilled ? [`nothing is recorded after ${endS.toFixed(1)} s: ${stopped.replace(/^Error: /, "")}`] : []),
        ];
        const damaged = damagedFrames === 0 ? [] : [`${damagedFrames} pieces of the journal are damaged and left out`];
        return {
          recording,
          windows,
          endS,
          stats,
          complete: !isKilled,
          sources,
          unusable,
          remarks: [...remarks, ...lost, ...damaged],
          journalPath: keep ? journalPath : undefined,
        };
      } finally {
        forget();
      }
    },
    unref: sampler.unref,
  };
  return session;
}
