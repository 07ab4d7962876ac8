// `joulecast agent --store postgres://…`: takes trials of shared studies that this machine can do, until it is stopped.
import { randomUUID } from "node:crypto";
import { waitS, withInterrupts } from "../../../node/run/interrupts.ts";
import { checkSources, trialRunner } from "../../../node/study/run-trial.ts";
import { countCell, textCell } from "../../../report/show.ts";
import { runStudy } from "../../../study/run.ts";
import { formatDuration } from "../../../units/format.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Command } from "../../command.ts";
import { flagOption, listOption, periodOption, textOption } from "../../options.ts";
import { machineSpec, SOURCE_OPTIONS, samplingRate, wallFactorOption } from "../measuring/machine-options.ts";
import { machineName } from "./machine-name.ts";

/** Pause before the queue is looked at again, s. */
const LOOK_S = 1;

export const agent: Command = {
  name: "agent",
  summary: "take trials of shared studies on this machine until stopped",
  arguments: [],
  options: [
    {
      flags: "--store <address>",
      description: "the database that the study was put into: postgres://user@host/database",
    },
    { flags: "--tag <names>", description: "hardware tags of this machine, separated by commas (default: none)" },
    { flags: "--machine <name>", description: "name of this machine in the results (default: its processor)" },
    { flags: "--until-empty", description: "end when no trial is left that this machine could do" },
    {
      flags: "--lease <time>",
      description: "a trial is given to others when its agent is silent for so long (default 60s)",
    },
    ...SOURCE_OPTIONS,
  ],
  examples: ["joulecast agent --store postgres://lab@db/studies --tag gpu"],
  run: async (_, options, context) => {
    const address = textOption(options, "--store");
    if (address === undefined)
      throw new InputError("no-store", "an agent needs a database", "give --store postgres://user@host/database");
    const [{ openPostgres }, { LEASE_S, openAgentQueue }] = await Promise.all([
      import("../../../node/study/postgres.ts"),
      import("../../../node/study/shared-study.ts"),
    ]);
    const machine = await machineName(options);
    const rateHz = samplingRate(options);
    const session = { machine: await machineSpec(options), ...(rateHz !== undefined && { rateHz }) };
    const leaseS = periodOption(options, "--lease") ?? LEASE_S;
    const nowIso = () => new Date().toISOString();
    const store = await openPostgres(address);
    try {
      await checkSources(session);
      const queue = await openAgentQueue(store, {
        agent: `${machine} ${randomUUID()}`,
        tags: listOption(options, "--tag") ?? [],
        nowIso,
        leaseS,
      });
      const summary = await withInterrupts((signal) =>
        runStudy({
          queue,
          signal,
          run: trialRunner({
            machine,
            planOf: queue.planOf,
            session,
            wallFactor: wallFactorOption(options),
            nowIso,
            onProgress: ({ trial }, done, total) =>
              context.progress({ label: `${trial.network} ${trial.phase}`, done, total, unit: "steps" }),
          }),
          onProgress: (_progress, claim) =>
            context.progress(claim === undefined ? "waiting for trials" : claim.trial.id),
          onRecord: ({ trial, status, durationS, reason }) =>
            context.progress(`${status}: ${trial.id} (${formatDuration(durationS)})${reason ? `: ${reason}` : ""}\n`),
          wait: async () => {
            if (flagOption(options, "--until-empty") && (await queue.left()) === 0) return false;
            await waitS(LOOK_S, signal);
            return true;
          },
        }),
      );
      context.progress("");
      return {
        result: { machine, ended: summary.ended, failed: summary.failed, interrupted: summary.interrupted },
        document: {
          title: `agent on ${machine}`,
          sections: [
            {
              kind: "facts",
              facts: [
                { label: "trials ended here", cell: countCell(summary.ended) },
                { label: "without a result", cell: countCell(summary.failed) },
                { label: "end", cell: textCell(summary.interrupted ? "interrupted" : "no trial left") },
              ],
            },
          ],
        },
        exitCode: summary.interrupted ? 130 : 0,
      };
    } finally {
      await store.close();
    }
  },
};
