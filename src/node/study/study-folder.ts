// A study in a folder: its plan, a record per trial, and the raw samples beside it. It is the queue of one machine, and what a study on
// several machines is brought home into. What is in it appears whole or not at all, so that a study that was killed goes on where it was.
import { createHash, randomUUID } from "node:crypto";
import { existsSync, linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { parsePlan, type StudyPlan } from "../../study/plan.ts";
import { type Claim, MOST_ATTEMPTS, type TrialQueue, type TrialRecord } from "../../study/record.ts";
import { type Trial, trialsOf } from "../../study/trials.ts";
import { InputError } from "../../units/input-error.ts";
import { explainRefusal, writeWhole } from "../files.ts";
import { makeFolder } from "../folders.ts";
import { identify, isGone, type ProcessIdentity } from "../store/process-identity.ts";

const PLAN = "plan.yaml";
const LOCK = "lock.json";
const RECORD = "record.json";
const SAMPLES = "samples.json.gz";

/** Folder name of a trial: its id in short. */
const slug = ({ id }: Trial): string => createHash("sha256").update(id).digest("hex").slice(0, 16);

/** Undefined where it is not there, or no JSON: cut off when the machine went down, say. */
function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}

const isRecord = (value: TrialRecord | undefined): value is TrialRecord =>
  typeof value?.trial?.id === "string" && Array.isArray(value.rows);

/** The record in a trial's folder; undefined where there is none that can be read. */
function recordIn(folder: string): TrialRecord | undefined {
  const record = readJson<TrialRecord>(join(folder, RECORD));
  return isRecord(record) ? record : undefined;
}

/** A study that is open. Close it when done, so that another program may go on with it. */
export interface StudyFolder extends TrialQueue {
  readonly path: string;
  readonly plan: StudyPlan;
  readonly trials: readonly Trial[];
  /** Keeps a record that was made elsewhere; one that is there already stays. @returns false when it was there */
  keep(record: TrialRecord, samples: string | undefined): Promise<boolean>;
  /** The samples of a trial as they were kept; undefined where there are none. */
  samplesOf(trial: Trial): string | undefined;
  close(): void;
}

const isOurs = (owner: ProcessIdentity): boolean => JSON.stringify(owner) === JSON.stringify(identify());

/** A lock that cannot be read is nobody's: one that is somebody's appears whole. */
const isLeft = (owner: ProcessIdentity | undefined): owner is undefined =>
  owner === undefined || typeof owner.pid !== "number" || isGone(owner, 0);

const textOf = (file: string): string | undefined => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
};

/** Makes `file` a second name of `from` unless there is one of that name, which the system decides in one step. */
function linked(from: string, file: string): boolean {
  try {
    linkSync(from, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw explainRefusal(error, file, "write");
  }
}

/** One program at a time: two would measure each other. @throws InputError "study-in-use" */
function lock(path: string): void {
  const file = join(path, LOCK);
  const own = `${file}.${randomUUID()}`;
  writeFileSync(own, JSON.stringify(identify()));
  try {
    while (!linked(own, file)) {
      const text = textOf(file);
      const owner = readJson<ProcessIdentity>(file);
      if (owner !== undefined && isOurs(owner)) return;
      if (!isLeft(owner))
        throw new InputError(
          "study-in-use",
          `process ${(owner as ProcessIdentity).pid} is running the study in "${path}"`,
          `wait for it, or stop it; the study then goes on where it was. If it ran on another machine that is gone, remove ${file}`,
        );
      takeAway(file, text);
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/** Removes the lock that was read, and no other that came meanwhile. */
function takeAway(file: string, text: string | undefined): void {
  const grave = `${file}.${randomUUID()}`;
  try {
    renameSync(file, grave);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw explainRefusal(error, file, "write");
  }
  if (textOf(grave) !== text) linked(grave, file);
  rmSync(grave, { force: true });
}

/**
 * Reads the plan of a study folder.
 * @throws InputError "no-study"
 */
export function readStudyPlan(path: string): StudyPlan {
  const file = join(path, PLAN);
  if (!existsSync(file))
    throw new InputError(
      "no-study",
      `"${path}" is no study: there is no ${PLAN} in it`,
      "give the folder that `joulecast study run` wrote",
    );
  return parsePlan(readFileSync(file, "utf8"), file);
}

/** Every record in a folder that can be read, in the order of the trials; verify-study.ts says which cannot. */
export function readRecords(path: string): readonly TrialRecord[] {
  const folder = join(path, "trials");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => recordIn(join(folder, name)))
    .filter((record) => record !== undefined)
    .sort((a, b) => (a.trial.id < b.trial.id ? -1 : 1));
}

/** Records in a folder that cannot be read. */
export function damagedRecords(path: string): readonly string[] {
  const folder = join(path, "trials");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((trial) => existsSync(join(trial, RECORD)) && recordIn(trial) === undefined)
    .map((trial) => join(trial, RECORD));
}

/** What goes on in a folder now. */
export interface StudyActivity {
  /** A program holds the study: its own trials, or those of agents that it brings home. */
  readonly isGoing: boolean;
  /** Trials that were begun and have no record yet; where nothing goes on, they were broken off. */
  readonly begun: readonly Trial[];
}

/** Looks at the lock and at the marks of attempts; touches nothing. */
export function readActivity(path: string, trials: readonly Trial[]): StudyActivity {
  const file = join(path, LOCK);
  const begun = trials.filter((trial) => {
    const folder = join(path, "trials", slug(trial));
    if (!existsSync(folder) || recordIn(folder) !== undefined) return false;
    return readdirSync(folder).some((name) => name.startsWith("attempt-"));
  });
  return { isGoing: !isLeft(readJson<ProcessIdentity>(file)), begun };
}

/** Samples of a trial that are longer when unpacked are no samples: they may come from an agent or a stranger's study. */
export const SAMPLES_LIMIT = { maxOutputLength: 2 ** 29 - 24 };

/** The samples of a trial in a folder. */
export function readSamples(path: string, trial: Trial): string | undefined {
  const file = join(path, "trials", slug(trial), SAMPLES);
  return existsSync(file) ? gunzipSync(readFileSync(file), SAMPLES_LIMIT).toString("utf8") : undefined;
}

/** What lies in a trial's folder. */
export interface TrialFiles {
  /** Undefined where there is none; "damaged" where it is no record. */
  readonly record: TrialRecord | "damaged" | undefined;
  readonly hasSamples: boolean;
}

export function trialFiles(path: string, trial: Trial): TrialFiles {
  const folder = join(path, "trials", slug(trial));
  const record = recordIn(folder) ?? (existsSync(join(folder, RECORD)) ? "damaged" : undefined);
  return { record, hasSamples: existsSync(join(folder, SAMPLES)) };
}

/** @throws InputError "other-plan" when the folder holds a study of another plan */
export function checkSamePlan(path: string, source: string): void {
  const planFile = join(path, PLAN);
  if (existsSync(planFile) && readFileSync(planFile, "utf8") !== source)
    throw new InputError(
      "other-plan",
      `"${path}" holds the study of another plan`,
      "give another --folder, or the plan that lies in it",
    );
}

export interface OpenStudyOptions {
  /** Do failed trials, and those set aside, once more. Default false. */
  readonly retryFailed?: boolean;
  /** Only the trial of that number is taken, and other programs may do others in the same folder. Default: all, and nobody else. */
  readonly only?: number;
  readonly nowIso: () => string;
  /** Name of this machine, for records of trials that are set aside. */
  readonly machine: string;
}

/**
 * Opens a study's folder, or makes it.
 * @param source the plan's YAML
 * @throws InputError "other-plan" when the folder holds a study of another plan, "study-in-use", or what the disk says
 */
export async function openStudyFolder(
  path: string,
  source: string,
  { retryFailed = false, only, nowIso, machine }: OpenStudyOptions,
): Promise<StudyFolder> {
  const plan = parsePlan(source, PLAN);
  checkSamePlan(path, source);
  makeFolder(join(path, "trials"));
  const planFile = join(path, PLAN);
  if (only === undefined) lock(path);
  if (!existsSync(planFile)) await writeWhole(planFile, [source]);
  const trials = trialsOf(plan);
  if (only !== undefined && trials[only] === undefined)
    throw new InputError("no-trial", `there is no trial ${only}, the plan has ${trials.length}`, "count from 0");
  const taken = only === undefined ? trials : [trials[only]!];
  const folderOf = (trial: Trial): string => join(path, "trials", slug(trial));
  const recordOf = (trial: Trial): TrialRecord | undefined => recordIn(folderOf(trial));
  const attemptsOf = (trial: Trial): number => {
    const folder = folderOf(trial);
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith("attempt-")).length : 0;
  };
  const forgetAttempts = (trial: Trial): void => {
    const folder = folderOf(trial);
    for (const name of readdirSync(folder).filter((one) => one.startsWith("attempt-")))
      rmSync(join(folder, name), { force: true });
  };
  const write = async (record: TrialRecord, samples: string | undefined): Promise<void> => {
    const folder = folderOf(record.trial);
    makeFolder(folder);
    if (samples !== undefined) await writeWhole(join(folder, SAMPLES), [gzipSync(samples)]);
    await writeWhole(join(folder, RECORD), [`${JSON.stringify(record, null, 1)}\n`]);
  };
  if (retryFailed)
    for (const trial of trials) {
      const record = recordOf(trial);
      if (record === undefined || record.status === "done") continue;
      rmSync(join(folderOf(trial), RECORD), { force: true });
      forgetAttempts(trial);
    }
  let running = 0;
  const setAside = (trial: Trial, attempts: number): Promise<void> =>
    write(
      {
        trial,
        status: "set aside",
        reason: `begun ${attempts} times and never ended: it takes the program or the machine down`,
        attempts,
        machine,
        startedAt: nowIso(),
        durationS: 0,
        rows: [],
      },
      undefined,
    );
  return {
    path,
    plan,
    trials,
    async take() {
      for (const trial of taken) {
        if (recordOf(trial) !== undefined) continue;
        const attempts = attemptsOf(trial);
        if (attempts >= MOST_ATTEMPTS) {
          await setAside(trial, attempts);
          continue;
        }
        makeFolder(folderOf(trial));
        const mark = join(folderOf(trial), `attempt-${attempts + 1}`);
        writeFileSync(mark, nowIso());
        running = 1;
        const claim: Claim = {
          trial,
          attempt: attempts + 1,
          renewEveryS: undefined,
          renew: async () => undefined,
          end: async (record, samples) => {
            running = 0;
            await write(record, samples);
            return true;
          },
          release: async () => {
            running = 0;
            rmSync(mark, { force: true });
          },
        };
        return claim;
      }
      return undefined;
    },
    async progress() {
      const records = readRecords(path);
      const done = records.filter(({ status }) => status === "done").length;
      return { total: trials.length, done, failed: records.length - done, running };
    },
    records: async () => readRecords(path),
    async keep(record, samples) {
      if (recordOf(record.trial) !== undefined) return false;
      await write(record, samples);
      return true;
    },
    samplesOf: (trial) => readSamples(path, trial),
    close: () => {
      const owner = readJson<ProcessIdentity>(join(path, LOCK));
      if (only === undefined && owner !== undefined && isOurs(owner)) rmSync(join(path, LOCK), { force: true });
    },
  };
}
