// The joules of a training: its session where something can be read, none where nothing can; and what the network costs per inference.
import { estimateAll } from "../../../estimate/estimate.ts";
import { METRICS } from "../../../estimate/table.ts";
import type { Hardware } from "../../../hardware/hardware.ts";
import { openLedger } from "../../../measure/ledger.ts";
import type { Measurement } from "../../../measure/measurement.ts";
import { readCatalogue, resolveDevice } from "../../../node/catalogue.ts";
import type { FinishedSession, Session } from "../../../node/run/session.ts";
import { InputError } from "../../../units/input-error.ts";
import type { WorkReport } from "../../../work/work.ts";
import type { CommandContext, OptionValues } from "../../command.ts";
import { offOption, quantityOption, textOption } from "../../options.ts";
import { inSession } from "../measuring/in-session.ts";
import { accessHere, cpuHere, wallFactorOption } from "../measuring/machine-options.ts";

/** Record whose arithmetic energies stand in where a device has none of its own. */
const PROCESS = "horowitz-45nm";
/** Window of the whole training. */
const WHOLE = "training";

/** A training that has ended, and its joules. */
export interface Metered<T> {
  readonly value: T;
  /** The whole training; undefined where nothing could be read. */
  readonly measurement: Measurement | undefined;
  /** Gross joules of a window by name; undefined where nothing was read in it. */
  readonly windowJ: (name: string) => number | undefined;
  /** A window by name; undefined where nothing was read in it. */
  readonly windowOf: (name: string) => Measurement | undefined;
  /** The mean of windows of one thing; undefined where nothing was read in one of them. */
  readonly repeatsOf: (names: readonly string[]) => Measurement | undefined;
  readonly remarks: readonly string[];
}

async function unmetered<T>(work: (session: undefined) => Promise<T>, remark: string): Promise<Metered<T>> {
  return {
    value: await work(undefined),
    measurement: undefined,
    windowJ: () => undefined,
    windowOf: () => undefined,
    repeatsOf: () => undefined,
    remarks: [remark],
  };
}

/** Nothing read is no measurement. */
const readIn = (measurement: Measurement | undefined) => (measurement?.kind === "missing" ? undefined : measurement);

function windowsOf({ recording, windows }: FinishedSession, wallFactor: number) {
  const idle = windows.filter(({ name }) => name === "idle");
  const ledger = openLedger(recording, idle, wallFactor);
  const named = (name: string) => windows.find((one) => one.name === name && one.toS > one.fromS);
  return {
    windowOf: (name: string): Measurement | undefined => {
      const window = named(name);
      return window && ledger.window(window);
    },
    repeatsOf: (names: readonly string[]): Measurement | undefined => {
      const found = names.map(named).filter((window) => window !== undefined);
      if (found.length === 0 || found.length < names.length) return undefined;
      const { each, mean } = ledger.repeats(found);
      return each.some(({ kind }) => kind === "missing") ? undefined : mean;
    },
  };
}

/**
 * Does the training in a measuring session.
 * @param command for the history
 * @throws InputError "no-sources" when a budget was given and nothing can be read, and whatever `work` throws
 */
export async function metered<T>(
  command: string,
  options: OptionValues,
  context: CommandContext,
  work: (session: Session | undefined) => Promise<T>,
): Promise<Metered<T>> {
  const hasBudget = textOption(options, "--budget") !== undefined;
  if (offOption(options, "--no-measure")) {
    if (hasBudget) throw new InputError("no-sources", "--budget needs a measurement", "leave out --no-measure");
    return unmetered(work, "the joules were not measured (--no-measure)");
  }
  const idleS = quantityOption(options, "--idle", "s") ?? 0;
  let isOpen = false;
  try {
    const { value, finished, save } = await inSession(command, options, context, async (session) => {
      isOpen = true;
      if (idleS > 0) {
        context.progress(`idle for ${idleS} s`);
        await session.idle(idleS);
      }
      return (await session.window(WHOLE, () => work(session))).value;
    });
    const { windowOf, repeatsOf } = windowsOf(finished, wallFactorOption(options));
    const measurement = windowOf(WHOLE);
    const remarks = await save({
      measurements: measurement ? [measurement] : [],
      durationS: measurement?.durationS ?? 0,
      remarks: finished.remarks,
    });
    return {
      value,
      measurement: readIn(measurement),
      windowJ: (name) => windowOf(name)?.grossJ,
      windowOf: (name) => readIn(windowOf(name)),
      repeatsOf,
      remarks: [...finished.remarks, ...remarks],
    };
  } catch (error) {
    const isBlind = error instanceof InputError && error.code === "no-sources" && !isOpen;
    if (!isBlind || hasBudget) throw error;
    return unmetered(work, `no joules: ${error.message}`);
  }
}

export interface Pricing {
  readonly device: string | undefined;
  /** The device's record, and the one that prices single operations where it does not. */
  readonly hardware: Hardware | undefined;
  readonly process: Hardware | undefined;
  /** Joules per inference by metric; empty without a device. */
  readonly energyJ: (work: WorkReport) => Readonly<Record<string, number>>;
}

/** Published metrics on the device asked for, else on this CPU where it is known. */
export async function pricing(options: OptionValues): Promise<Pricing> {
  const catalogue = await readCatalogue();
  const named = textOption(options, "--on");
  const device: Hardware | undefined =
    named === undefined ? await cpuHere(accessHere()) : await resolveDevice(named, catalogue);
  const process = catalogue.find(({ id }) => id === PROCESS);
  if (device === undefined) return { device: undefined, hardware: undefined, process, energyJ: () => ({}) };
  return {
    device: device.name,
    hardware: device,
    process,
    energyJ: (work) => {
      const { estimates } = estimateAll(work, [device], METRICS, process ? { process } : {});
      return Object.fromEntries(estimates.map(({ metric, energyJ }) => [metric, energyJ / work.batch]));
    },
  };
}
