// `joulecast study run plan.yaml --store postgres://…`: the study goes into the database, agents do its trials, and the records are brought
// home into the study's folder as they come. Stopping it stops nothing: run it again and it goes on collecting.
import { waitS, withInterrupts } from "../../../node/run/interrupts.ts";
import { openPostgres } from "../../../node/study/postgres.ts";
import { publishStudy, type SharedStudy } from "../../../node/study/shared-study.ts";
import type { StudyFolder } from "../../../node/study/study-folder.ts";
import type { CommandContext } from "../../command.ts";
import { timeLeftText } from "./time-left.ts";

const LOOK_S = 1;

/** What does the trials of a study. It is there before the study's folder is: what cannot be had leaves no folder behind. */
export interface Doing {
  /** @returns whether it was interrupted before the last record came */
  run(study: StudyFolder): Promise<boolean>;
  close(): Promise<void>;
}

/** @throws InputError for a database that cannot be used */
export async function doneByAgents(
  address: string,
  source: string,
  context: CommandContext,
  { retryFailed }: { readonly retryFailed: boolean },
): Promise<Doing> {
  const store = await openPostgres(address);
  return {
    run: async (study) => collect(await publishStudy(store, source, { retryFailed }), study, context),
    close: () => store.close(),
  };
}

function collect(shared: SharedStudy, study: StudyFolder, context: CommandContext): Promise<boolean> {
  return withInterrupts(async (signal) => {
    const known = await study.records();
    const have = new Set(known.map(({ trial }) => trial.id));
    const times = known.filter(({ status }) => status === "done").map(({ durationS }) => durationS);
    for (;;) {
      for (const { record, samples } of await shared.newRecords(have)) {
        await study.keep(record, samples);
        have.add(record.trial.id);
        if (record.status === "done") times.push(record.durationS);
      }
      const { running } = await shared.progress();
      const left = timeLeftText(times, study.trials.length - have.size, running);
      context.progress(`${have.size} of ${study.trials.length} trials have ended, ${running} are being done${left}`);
      if (have.size >= study.trials.length) return false;
      if (signal.aborted) return true;
      await waitS(LOOK_S, signal);
    }
  });
}
