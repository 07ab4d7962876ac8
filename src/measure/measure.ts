// A recording and a window become a Measurement: gross, baseline and net joules by source and in all, with interval, coverage and
// remarks. Sources inside another source are shown but not added. Nothing is read from a machine here.
import { InputError } from "../units/input-error.ts";
import { type Baseline, baselineDoubt } from "./baseline.ts";
import { type Account, accountOf, energyIn, type WindowEnergy } from "./energy.ts";
import { intervalAround, sumDoubts } from "./interval.ts";
import type { Doubt, Measurement, SourceEnergy } from "./measurement.ts";
import type { Kind, SourceInfo } from "./power-source.ts";
import type { Recording, Window } from "./trace.ts";

/** Settings of measureWindow. */
export interface MeasureOptions {
  /** Idle power by source id, from takeBaseline. Without it net = gross, and a remark says so. */
  readonly baseline?: ReadonlyMap<string, Baseline>;
  /** Wall power over the power that the sources see: supply, board, fans. Default 1, range ≥ 1. Wall meters are not multiplied. */
  readonly wallFactor?: number;
  /** Seconds at the start of the window that are left out as warm-up. Default 0: a command's start belongs to its cost. */
  readonly warmUpS?: number;
}

/** The part of a window after its first seconds, and the part before. Windows no longer than that are all warm-up. */
export function splitWarmUp(window: Window, warmUpS = 1): { warmUp: Window; steady: Window } {
  const cutS = Math.min(window.toS, window.fromS + warmUpS);
  return {
    warmUp: { name: `${window.name}/warm-up`, fromS: window.fromS, toS: cutS },
    steady: { name: window.name, fromS: cutS, toS: window.toS },
  };
}

/** Toleranced joules: maker's limits taken as evenly likely, so σ = limit / √3. On net joules: idle and run err by one factor. */
function toleranceDoubt(info: SourceInfo, netJ: number): Doubt[] {
  return info.toleranceRatio
    ? [{ cause: "tolerance", sigmaJ: (info.toleranceRatio * Math.abs(netJ)) / Math.sqrt(3) }]
    : [];
}

/** Joules that idle power would have drawn in the gaps are not missing from net. */
function netDoubts(energy: WindowEnergy, idleW: number, gapS: number): Doubt[] {
  return energy.doubts.map((doubt) =>
    doubt.missingJ === undefined ? doubt : { ...doubt, missingJ: doubt.missingJ - idleW * gapS },
  );
}

interface Entry {
  readonly account: Account;
  readonly energy: WindowEnergy;
  /** Readings that can be believed: covered, and not a counter that stood still. */
  readonly usable: boolean;
}

function sourceEnergy(entry: Entry, counted: boolean, baseline: Baseline | undefined, durationS: number): SourceEnergy {
  const { account, energy, usable } = entry;
  const { info } = account;
  const baselineJ = baseline && baseline.idleW * energy.coveredS;
  const netJ = energy.grossJ - (baselineJ ?? 0);
  const read = netDoubts(energy, baseline?.idleW ?? 0, durationS - energy.coveredS);
  const wholeJ = read.reduce((total, { missingJ = 0 }) => total + missingJ, netJ);
  const doubts = [...read, ...(baseline ? [baselineDoubt(baseline, durationS)] : []), ...toleranceDoubt(info, wholeJ)];
  const unusable = energy.stoodStill && !usable ? ["not used: other sources moved"] : [];
  return {
    info,
    kind: info.kind,
    grossJ: energy.grossJ,
    baselineJ,
    netJ,
    coverage: usable ? energy.coverage : 0,
    meanPowerW: energy.meanPowerW,
    peakPowerW: energy.peakPowerW,
    doubts,
    counted,
    remarks: [...energy.remarks, ...unusable],
  };
}

/** Sources whose joules are in the total: usable, not set aside, and no usable source contains them. A wall meter contains all others. */
function countedIds(entries: readonly Entry[]): ReadonlySet<string> {
  const usable = new Map(entries.filter((one) => one.usable).map(({ account: { info } }) => [info.id, info]));
  const walls = [...usable.values()].filter(({ domain }) => domain === "wall");
  const parents = new Map(entries.map(({ account: { info } }) => [info.id, info.partOf]));
  const contained = (info: SourceInfo): boolean => {
    const met = new Set<string>();
    for (let at = info.partOf; at !== undefined && !met.has(at); at = parents.get(at)) {
      if (usable.has(at)) return true;
      met.add(at);
    }
    return walls.length > 0 && info.domain !== "wall";
  };
  return new Set([...usable.values()].filter((info) => info.counted !== false && !contained(info)).map(({ id }) => id));
}

/** Modelled joules added to read ones make "mixed"; counters with gauges are as weak as the gauges. */
export function kindOf(kinds: readonly Kind[]): Measurement["kind"] {
  const found = new Set(kinds);
  if (found.has("modelled")) return found.size > 1 ? "mixed" : "modelled";
  return found.has("integrated") ? "integrated" : "measured";
}

/** Peak of the sum is not known from peaks of parts; with one source it is that source's. */
function peakOf(sources: readonly SourceEnergy[], factor: number): number | undefined {
  const peak = sources.length === 1 ? sources[0]!.peakPowerW : undefined;
  return peak === undefined ? undefined : peak * factor;
}

function scaled(doubts: readonly Doubt[], factor: number): Doubt[] {
  return doubts.map((doubt) => ({
    ...doubt,
    sigmaJ: doubt.sigmaJ * factor,
    ...(doubt.missingJ === undefined ? {} : { missingJ: doubt.missingJ * factor }),
  }));
}

/** Makes the traces of a recording ready for many windows: one account per trace. */
export function accountsOf(recording: Recording): readonly Account[] {
  return recording.traces.map(accountOf);
}

/**
 * Joules of one window of a recording.
 * @param recording as recorded, or its accounts (from accountsOf) where many windows are asked for
 * @throws InputError "empty-window" when the window does not end after it starts, "bad-wall-factor" below 1
 */
export function measureWindow(
  recording: Recording | readonly Account[],
  window: Window,
  { baseline, wallFactor = 1, warmUpS = 0 }: MeasureOptions = {},
): Measurement {
  const { steady } = splitWarmUp(window, warmUpS);
  const durationS = steady.toS - steady.fromS;
  if (!(durationS > 0))
    throw new InputError(
      "empty-window",
      `window "${window.name}" lasts ${window.toS - window.fromS} s${warmUpS > 0 ? `, warm-up ${warmUpS} s` : ""}`,
      "close the window after it was opened, or shorten the warm-up",
    );
  if (!(wallFactor >= 1))
    throw new InputError(
      "bad-wall-factor",
      `wall factor ${wallFactor} is below 1`,
      "give wall watts over measured watts",
    );

  const accounts = "traces" in recording ? accountsOf(recording) : recording;
  const energies = accounts.map((account) => ({ account, energy: energyIn(account, steady) }));
  const moved = energies.some(
    ({ account, energy }) => account.info.reads === "energy" && !energy.stoodStill && energy.grossJ > 0,
  );
  const entries = energies.map((one) => ({
    ...one,
    usable: one.energy.coverage > 0 && !(one.energy.stoodStill && moved),
  }));
  const countedSet = countedIds(entries);
  const sources = entries.map((entry) => {
    const { id } = entry.account.info;
    return sourceEnergy(entry, countedSet.has(id), baseline?.get(id), durationS);
  });

  const counted = sources.filter((source) => source.counted);
  const factorOf = ({ info }: SourceEnergy): number => (info.domain === "wall" ? 1 : wallFactor);
  const total = (value: (source: SourceEnergy) => number): number =>
    counted.reduce((sum, source) => sum + value(source) * factorOf(source), 0);
  const grossJ = total((source) => source.grossJ);
  const based = counted.length > 0 && counted.every(({ baselineJ }) => baselineJ !== undefined);
  const baselineJ = based ? total((source) => source.baselineJ!) : undefined;
  const netJ = total((source) => source.netJ);
  const doubts = sumDoubts(
    counted.map((source) => ({ id: source.info.id, doubts: scaled(source.doubts, factorOf(source)) })),
  );
  const { lowJ, highJ } = intervalAround(netJ, doubts);
  return {
    window: steady.name,
    durationS,
    kind: kindOf((counted.length > 0 ? counted : sources).map(({ kind }) => kind)),
    grossJ,
    baselineJ,
    netJ,
    netLowJ: lowJ,
    netHighJ: highJ,
    meanPowerW: total((source) => source.meanPowerW),
    peakPowerW: peakOf(counted, counted[0] ? factorOf(counted[0]) : 1),
    coverage: counted.length > 0 ? Math.min(...counted.map(({ coverage }) => coverage)) : 0,
    sources,
    doubts,
    remarks: remarksOf(sources, baseline, wallFactor, warmUpS),
  };
}

function remarksOf(
  sources: readonly SourceEnergy[],
  baseline: MeasureOptions["baseline"],
  wallFactor: number,
  warmUpS: number,
): string[] {
  const counted = sources.filter((source) => source.counted);
  const kinds = new Set(counted.map(({ kind }) => kind));
  const walled = counted.some(({ info }) => info.domain === "wall");
  const general: readonly (readonly [boolean, string])[] = [
    [counted.length === 0, "no usable source: nothing was measured"],
    [kinds.has("modelled") && kinds.size > 1, "modelled and measured joules are added"],
    [baseline === undefined, "no baseline: net is gross"],
    [
      baseline !== undefined && counted.some(({ baselineJ }) => baselineJ === undefined),
      "some sources have no baseline: their net is gross",
    ],
    [wallFactor !== 1, `multiplied by the wall factor ${wallFactor}`],
    [
      wallFactor === 1 && !walled && counted.length > 0,
      "not wall power: supply losses, board, fans and disks are outside",
    ],
    [warmUpS > 0, `the first ${warmUpS} s are left out as warm-up`],
  ];
  const own = sources.flatMap(({ info, remarks }) => remarks.map((remark) => `${info.name}: ${remark}`));
  return [...general.flatMap(([holds, text]) => (holds ? [text] : [])), ...own];
}
