// Journals that killed runs left behind become runs, marked incomplete. A journal whose owner still lives is left alone.
import { readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Measurement } from "../../measure/measurement.ts";
import type { Recording, Window } from "../../measure/trace.ts";
import { InputError } from "../../units/input-error.ts";
import { type JournalContent, lastTimeS, readJournal } from "./journal-read.ts";
import { isGone, type ProcessProbe, THIS_MACHINE } from "./process-identity.ts";
import { RUN_ID } from "./run-id.ts";
import type { StoredRun } from "./stored-run.ts";

/** Joules of what was recovered; the store itself knows no arithmetic. */
export type Analyse = (
  recording: Recording,
  journal: JournalContent,
) => {
  readonly measurements: readonly Measurement[];
  readonly windows: readonly Window[];
};

export interface RecoverOptions {
  /** Default: recovered runs have no joules, only their samples. */
  readonly analyse?: Analyse;
  readonly probe?: ProcessProbe;
  /** Wall clock, ms since 1970. */
  readonly nowMs?: () => number;
  readonly onMessage?: (message: string) => void;
}

/** The run that a journal tells of. */
function runOfJournal(journal: JournalContent, analyse?: Analyse): StoredRun {
  const { header, footer, recording, complete, damagedFrames } = journal;
  const { runId, startedAt, command, environment, sources, provenance } = header;
  const { measurements, windows } = analyse?.(recording, journal) ?? { measurements: [], windows: [] };
  return {
    id: runId,
    startedAt,
    command,
    kind: measurements[0]?.kind,
    complete,
    durationS: footer?.endS ?? lastTimeS(recording),
    ...(footer?.exitCode !== undefined && { exitCode: footer.exitCode }),
    measurements,
    windows,
    sources,
    environment,
    provenance: [
      ...provenance,
      footer
        ? "recovered from its journal: the run ended, joulecast was killed"
        : "recovered from its journal: killed while running",
      ...(damagedFrames > 0 ? [`${damagedFrames} damaged parts of the journal were left out`] : []),
    ],
  };
}

interface Leftover {
  readonly path: string;
  readonly journal: JournalContent;
}

/** A journal of a run that is surely over; undefined for all others. Unreadable ones are renamed, so that they are met once. */
function leftover(
  path: string,
  { probe = THIS_MACHINE, nowMs = Date.now, onMessage }: RecoverOptions,
): Leftover | undefined {
  try {
    const idleS = (nowMs() - statSync(path).mtimeMs) / 1000;
    const journal = readJournal(path);
    return isGone(journal.header.owner, idleS, probe) ? { path, journal } : undefined;
  } catch (error) {
    // Another process has just recovered it.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if (!(error instanceof InputError)) throw error;
    if (error.code === "bad-journal") renameSync(path, `${path}.unreadable`);
    onMessage?.(`${error.message}; ${error.hint}`);
    return undefined;
  }
}

/**
 * Finds the journals of killed runs and hands each, as a run, to `save`; the journal goes when `save` has kept it. Cheap when
 * there are none: one folder is listed.
 * @param save returns when the run is on disk; must leave a run alone that is already there
 */
export async function recoverRuns(
  journals: string,
  save: (run: StoredRun, recording: Recording) => Promise<void>,
  options: RecoverOptions = {},
): Promise<readonly StoredRun[]> {
  const recovered: StoredRun[] = [];
  const waiting = new Map<string, StoredRun[]>();
  const names = readdirSync(journals).filter((name) => name.endsWith(".jnl") && RUN_ID.test(name.slice(0, -4)));
  for (const name of names.sort()) {
    const found = leftover(join(journals, name), options);
    if (!found) continue;
    const run = runOfJournal(found.journal, options.analyse);
    try {
      await save(run, found.journal.recording);
    } catch (error) {
      // A full disk: the journal keeps all, the next start tries again, and what was asked for goes on.
      if (!(error instanceof InputError)) throw error;
      const why = `${error.message}; ${error.hint}`;
      waiting.set(why, [...(waiting.get(why) ?? []), run]);
      continue;
    }
    rmSync(found.path, { force: true });
    recovered.push(run);
    options.onMessage?.(
      `run ${run.id} (${run.command}) was recovered from its journal, ${run.complete ? "complete" : "incomplete"}`,
    );
  }
  for (const [why, runs] of waiting) options.onMessage?.(`${namedRuns(runs)} could not be recovered yet: ${why}`);
  return recovered;
}

/** So many runs are named in one message. */
const NAMED_RUNS = 3;

function namedRuns(runs: readonly StoredRun[]): string {
  const named = runs.slice(0, NAMED_RUNS).map(({ id, command }) => `${id} (${command})`);
  const more = runs.length - named.length;
  return `${runs.length === 1 ? "run" : "runs"} ${named.join(", ")}${more === 0 ? "" : ` and ${more} more`}`;
}
