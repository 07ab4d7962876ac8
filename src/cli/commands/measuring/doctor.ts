// `joulecast doctor`: every power source found or why not, and what a measurement on this machine would be made of.
import { cpus } from "node:os";
import { type CrossCheck, crossChecksOf } from "../../../measure/agreement.ts";
import { accountOf, energyIn } from "../../../measure/energy.ts";
import type { Unusable } from "../../../measure/power-source.ts";
import type { Trace } from "../../../measure/trace.ts";
import { checkSource } from "../../../measure/update-period.ts";
import { parseCpuInfo } from "../../../node/meters/models/cpu-load.ts";
import { openSession } from "../../../node/run/session.ts";
import { type CheckedSource, doctorDocument, plannedSources } from "../../../report/measuring/doctor-report.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Command, OptionValues } from "../../command.ts";
import { quantityOption } from "../../options.ts";
import { accessHere, machineSpec, SOURCE_OPTIONS, samplingRate } from "./machine-options.ts";
import { samplerCost } from "./measure-command.ts";

const DEFAULT_POLL_S = 3;
/** Fast against the update periods of gauges (20 ms and more), so that they show. */
const POLL_HZ = 200;
const FLAGS = SOURCE_OPTIONS.filter(({ flags }) => !/^--(rate|wall-factor)/.test(flags));

function machineText(): string {
  const access = accessHere();
  const file = access.readText("/proc/cpuinfo");
  if (!("text" in file)) return `${access.load?.().model || "unknown CPU"}, ${cpus().length} CPUs`;
  const { model, isVirtual, cores } = parseCpuInfo(file.text);
  return `${model || "unknown CPU"}, ${cores} core${cores === 1 ? "" : "s"}${isVirtual ? ", virtual machine" : ""}`;
}

function checked(trace: Trace): CheckedSource {
  const valid = trace.values.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0);
  const readRatio = trace.values.length === 0 ? 0 : valid / trace.values.length;
  return { info: trace.info, check: checkSource(trace), readRatio };
}

function crossChecks(traces: readonly Trace[], toS: number): readonly CrossCheck[] {
  const window = { name: "idle", fromS: 0, toS };
  const witnesses = traces.map(accountOf).map((account) => ({ account, energy: energyIn(account, window) }));
  return crossChecksOf(witnesses, toS);
}

const usableResult = ({ info, check, readRatio }: CheckedSource) => ({
  id: info.id,
  name: info.name,
  domain: info.domain,
  usable: true,
  kind: info.kind,
  reason: null,
  fix: null,
  updatePeriodS: check.updatePeriodS ?? null,
  updatePeriodAtMost: check.atMost,
  wrapS: check.wrapS ?? null,
  idleW: check.idleW ?? null,
  idleLowW: check.idleLowW ?? null,
  idleHighW: check.idleHighW ?? null,
  readRatio,
  partOf: info.partOf ?? null,
  counted: info.partOf === undefined && info.counted !== false,
  provenance: info.provenance,
  origin: info.origin ?? null,
  remarks: check.remarks,
});

const unusableResult = ({ id, domain, reason, fix }: Unusable) => ({
  id,
  domain,
  usable: false,
  kind: null,
  reason,
  fix,
  updatePeriodS: null,
  wrapS: null,
  idleW: null,
});

async function poll(options: OptionValues, seconds: number, progress: (line: string) => void) {
  const rateHz = samplingRate(options) ?? POLL_HZ;
  const session = await openSession({ rateHz, machine: await machineSpec(options), allowNoSources: true });
  progress(`polling ${session.sources.length} sources for ${seconds} s`);
  try {
    await session.idle(seconds);
  } finally {
    progress("");
  }
  return { finished: await session.close(), rateHz };
}

export const doctor: Command = {
  name: "doctor",
  summary: "every power source of this machine: usable, or why not and what mends it",
  arguments: [],
  options: [
    { flags: "--seconds <time>", description: `how long sources are polled (default ${DEFAULT_POLL_S})` },
    { flags: "--rate <frequency>", description: `reads per second, above 0 to 1000 (default ${POLL_HZ})` },
    ...FLAGS,
  ],
  examples: ["joulecast doctor", "joulecast doctor --dimms 4 --dimm-type DDR4 --cpu-tdp 125W"],
  run: async (_, options, { progress }) => {
    const seconds = quantityOption(options, "--seconds", "s", 0.5, 3600) ?? DEFAULT_POLL_S;
    const { finished, rateHz } = await poll(options, seconds, progress);
    const { traces } = finished.recording;
    const usable = traces.map(checked);
    const checks = crossChecks(traces, finished.endS);
    const cost = samplerCost(finished);
    if (cost === undefined) throw new InputError("sampler-ended", finished.remarks.join("; "), "run it again");
    const sampler = { ...cost, rateHz };
    const { unusable } = finished;
    const machine = machineText();
    return {
      result: {
        machine,
        sources: [...usable.map(usableResult), ...unusable.map(unusableResult)],
        planned: plannedSources(usable),
        agreement: checks.map(({ counter, gauge, agreement }) => ({
          counter,
          gauge,
          ...agreement,
          ratio: agreement.ratio ?? null,
        })),
        polledS: finished.endS,
        sampler,
      },
      document: doctorDocument({ machine, usable, unusable, crossChecks: checks, polledS: finished.endS, sampler }),
    };
  },
};
