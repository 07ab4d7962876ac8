// A recording and a window become a Measurement: gross, baseline and net joules by source and in all, with interval, coverage and
// remarks. Sources inside another source are shown but not added; the share that a wall factor adds is a source of its own, so that
// the total is always the sum of what is counted. Nothing is read from a machine here.
import { formatQuantity, formatRatio } from "../units/format.ts";
import { InputError } from "../units/input-error.ts";
import { type CrossCheck, crossChecksOf } from "./agreement.ts";
import { type Baseline, baselineDoubt } from "./baseline.ts";
import { type Account, accountOf, energyIn, type WindowEnergy } from "./energy.ts";
import { EVEN_EXCESS, intervalAround, sumDoubts } from "./interval.ts";
import { type Doubt, LEAST_COVERAGE, type Measurement, type SourceEnergy } from "./measurement.ts";
import type { SourceInfo } from "./power-source.ts";
import type { Recording, Window } from "./trace.ts";

/** Settings of measureWindow. */
export interface MeasureOptions {
  /** Idle power by source id, from takeBaseline. Without it net = gross, and a remark says so. */
  readonly baseline?: ReadonlyMap<string, Baseline>;
  /** Wall power over the power that the sources see: supply, board, fans. Default 1, range ≥ 1. Wall meters are not multiplied. */
  readonly wallFactor?: number;
}

/** Shortest idle time whose spread is trusted without a word, s. */
const SHORT_IDLE_S = 2;

/** Share of gross below which net is what floating point leaves of a difference, and no energy. */
const ROUNDING = 1e-9;

/** Gross less baseline, J. */
function above(grossJ: number, baselineJ: number): number {
  const netJ = grossJ - baselineJ;
  return Math.abs(netJ) < ROUNDING * Math.abs(grossJ) ? 0 : netJ;
}

/** A processor so busy while idle power was recorded, as a ratio, was not idle: below it a system's own work lies. */
const BUSY_RATIO = 0.2;

/**
 * Toleranced joules: maker's limits taken as evenly likely, so σ = limit / √3. On net joules: idle and run err by one factor. A model of
 * load knows no difference between two programs that load alike, so where others kept the processor busy it may also err by their joules.
 */
function toleranceDoubt({ kind, toleranceRatio }: SourceInfo, netJ: number, othersJ: number): Doubt[] {
  const uncertainJ = Math.abs(netJ) + (kind === "modelled" ? othersJ : 0);
  return toleranceRatio
    ? [{ cause: "tolerance", sigmaJ: (toleranceRatio * uncertainJ) / Math.sqrt(3), excess: EVEN_EXCESS }]
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
}

const isRead = ({ energy }: Entry): boolean => energy.grossJ !== undefined;

function sourceEnergy(entry: Entry, counted: boolean, baseline: Baseline | undefined, durationS: number): SourceEnergy {
  const { account, energy } = entry;
  const { info } = account;
  const { grossJ, coverage, meanPowerW, peakPowerW, remarks } = energy;
  const gapDoubts = netDoubts(energy, baseline?.idleW ?? 0, durationS - energy.coveredS);
  const shown = { info, coverage, meanPowerW, peakPowerW, counted, remarks };
  if (grossJ === undefined)
    return { ...shown, kind: "missing", grossJ, baselineJ: undefined, netJ: undefined, doubts: gapDoubts };
  const baselineJ = baseline && baseline.idleW * energy.coveredS;
  const netJ = above(grossJ, baselineJ ?? 0);
  const wholeJ = gapDoubts.reduce((total, { missingJ = 0 }) => total + missingJ, netJ);
  return {
    ...shown,
    kind: info.kind,
    grossJ,
    baselineJ,
    netJ,
    doubts: [
      ...gapDoubts,
      ...(baseline ? [baselineDoubt(baseline, durationS)] : []),
      ...toleranceDoubt(info, wholeJ, (baseline?.busyRatio ?? 0) * (baselineJ ?? 0)),
    ],
  };
}

/** Which sources are in the total. */
interface Membership {
  /** Read, not set aside, and no source that was read contains them. A wall meter contains all others. */
  readonly counted: ReadonlySet<string>;
  /** They would be counted and were read elsewhere in the recording, but not in the window: their joules are missing from the total. */
  readonly lost: ReadonlySet<string>;
}

function membershipOf(entries: readonly Entry[]): Membership {
  const infos = new Map(entries.map(({ account: { info } }) => [info.id, info]));
  const read = new Set(entries.filter(isRead).map(({ account }) => account.info.id));
  const isWalled = [...read].some((id) => infos.get(id)!.domain === "wall");
  const ancestors = (info: SourceInfo): ReadonlySet<string> => {
    const met = new Set<string>();
    for (let at = info.partOf; at !== undefined && !met.has(at); at = infos.get(at)?.partOf) met.add(at);
    return met;
  };
  const isOutermost = (info: SourceInfo): boolean =>
    info.counted !== false && ![...ancestors(info)].some((id) => read.has(id)) && !(isWalled && info.domain !== "wall");
  const counted = [...read].filter((id) => isOutermost(infos.get(id)!));
  // A whole whose parts are counted in its place is not lost.
  const standIns = new Set(counted.flatMap((id) => [...ancestors(infos.get(id)!)]));
  const lost = entries.filter(
    ({ account: { info, curves } }) =>
      !read.has(info.id) && curves.length > 0 && isOutermost(info) && !standIns.has(info.id),
  );
  const lostIds = lost.map(({ account }) => account.info.id);
  const within = (id: string) => [...ancestors(infos.get(id)!)].some((one) => lostIds.includes(one));
  return { counted: new Set(counted), lost: new Set(lostIds.filter((id) => !within(id))) };
}

/** Modelled joules added to read ones make "mixed"; counters with gauges are as weak as the gauges; nothing read is "missing". */
export function kindOf(kinds: readonly SourceEnergy["kind"][]): Measurement["kind"] {
  const found = new Set(kinds.filter((kind) => kind !== "missing"));
  if (found.size === 0) return "missing";
  if (found.has("modelled")) return found.size > 1 ? "mixed" : "modelled";
  return found.has("integrated") ? "integrated" : "measured";
}

function scaled(doubts: readonly Doubt[], factor: number): Doubt[] {
  return doubts.map((doubt) => ({
    ...doubt,
    sigmaJ: doubt.sigmaJ * factor,
    ...(doubt.missingJ === undefined ? {} : { missingJ: doubt.missingJ * factor }),
  }));
}

/** What a wall factor adds to sources: a source that nobody read, so modelled. */
function outsideOf(inside: readonly SourceEnergy[], wallFactor: number): SourceEnergy[] {
  if (wallFactor === 1 || inside.length === 0) return [];
  const share = wallFactor - 1;
  const total = (values: readonly (number | undefined)[]): number | undefined =>
    values.every((value) => value !== undefined) ? values.reduce((sum, value) => sum + value * share, 0) : undefined;
  return [
    {
      info: {
        id: "wall-factor",
        name: "outside, by wall factor",
        domain: "other",
        kind: "modelled",
        reads: "energy",
        provenance: `supply, board and fans: ${wallFactor} − 1 times what the other counted sources show, as --wall-factor says`,
      },
      kind: "modelled",
      grossJ: total(inside.map(({ grossJ }) => grossJ)),
      baselineJ: total(inside.map(({ baselineJ }) => baselineJ)),
      netJ: total(inside.map(({ netJ }) => netJ)),
      coverage: Math.min(...inside.map(({ coverage }) => coverage)),
      meanPowerW: total(inside.map(({ meanPowerW }) => meanPowerW)),
      peakPowerW: inside.length === 1 ? total(inside.map(({ peakPowerW }) => peakPowerW)) : undefined,
      doubts: sumDoubts(inside.map(({ info, doubts }) => ({ id: info.id, doubts: scaled(doubts, share) }))),
      counted: true,
      remarks: [],
    },
  ];
}

/** Peak of a sum is not known from peaks of parts, but for one source and what a wall factor adds to it. */
function peakOf(inside: readonly SourceEnergy[], outside: readonly SourceEnergy[]): number | undefined {
  const peak = inside.length === 1 ? inside[0]!.peakPowerW : undefined;
  return peak === undefined ? undefined : peak + (outside[0]?.peakPowerW ?? 0);
}

/** Makes the traces of a recording ready for many windows: one account per trace. */
export function accountsOf(recording: Recording): readonly Account[] {
  return recording.traces.map(accountOf);
}

/**
 * Joules of one window of a recording.
 * @param recording as recorded, or its accounts (from accountsOf) where many windows are asked for
 * Where nothing was read its kind is "missing" and its energies are undefined.
 * @throws InputError "empty-window" when the window does not end after it starts, "bad-wall-factor" below 1
 */
export function measureWindow(
  recording: Recording | readonly Account[],
  window: Window,
  { baseline, wallFactor = 1 }: MeasureOptions = {},
): Measurement {
  const durationS = window.toS - window.fromS;
  if (!(durationS > 0))
    throw new InputError(
      "empty-window",
      `window "${window.name}" lasts ${durationS} s`,
      "close it after it was opened",
    );
  if (!(wallFactor >= 1))
    throw new InputError(
      "bad-wall-factor",
      `wall factor ${wallFactor} is below 1`,
      "give wall watts over measured watts",
    );

  const accounts = "traces" in recording ? accountsOf(recording) : recording;
  const entries = accounts.map((account) => ({ account, energy: energyIn(account, window) }));
  const members = membershipOf(entries);
  const read = entries.map((entry) => {
    const { id } = entry.account.info;
    return sourceEnergy(entry, members.counted.has(id), baseline?.get(id), durationS);
  });
  const inside = read.filter((source) => source.counted);
  const outside = outsideOf(
    inside.filter(({ info }) => info.domain !== "wall"),
    wallFactor,
  );
  const counted = [...inside, ...outside];
  const lost = read.filter(({ info }) => members.lost.has(info.id));
  const sources = [...read, ...outside];
  const common = { window: window.name, durationS, sources, kind: kindOf(counted.map(({ kind }) => kind)) };
  const remarks = [
    ...remarksOf(read, lost, baseline, wallFactor),
    ...crossChecksOf(entries, durationS).flatMap(disagreement),
  ];
  if (counted.length === 0)
    return {
      ...common,
      grossJ: undefined,
      baselineJ: undefined,
      netJ: undefined,
      netLowJ: undefined,
      netHighJ: undefined,
      meanPowerW: undefined,
      peakPowerW: undefined,
      coverage: 0,
      doubts: [],
      remarks,
    };

  const total = (value: (source: SourceEnergy) => number | undefined): number =>
    counted.reduce((sum, source) => sum + value(source)!, 0);
  const netJ = total((source) => source.netJ);
  const factorOf = ({ info }: SourceEnergy): number => (info.domain === "wall" ? 1 : wallFactor);
  // What the factor adds errs as what it multiplies, so the doubts are multiplied, not added as of another source.
  const doubts = sumDoubts(
    [...inside, ...lost].map((source) => ({ id: source.info.id, doubts: scaled(source.doubts, factorOf(source)) })),
  );
  const { lowJ, highJ } = intervalAround(netJ, doubts);
  return {
    ...common,
    grossJ: total((source) => source.grossJ),
    baselineJ: counted.every(({ baselineJ }) => baselineJ !== undefined)
      ? total((source) => source.baselineJ)
      : undefined,
    netJ,
    netLowJ: lowJ,
    netHighJ: highJ,
    meanPowerW: total((source) => source.meanPowerW),
    peakPowerW: peakOf(inside, outside),
    coverage: lost.length > 0 ? 0 : Math.min(...counted.map(({ coverage }) => coverage)),
    doubts,
    remarks,
  };
}

/** What a reader must know of two sources that contradict each other. */
function disagreement({ counter, gauge, agreement: { counterJ, gaugeJ, agrees } }: CrossCheck): string[] {
  if (agrees) return [];
  const [counted, integrated] = [counterJ, gaugeJ].map((energyJ) => formatQuantity(energyJ, "J"));
  return [`${counter} says ${counted}, the integral of ${gauge} ${integrated}: they differ by more than their doubts`];
}

function remarksOf(
  sources: readonly SourceEnergy[],
  lost: readonly SourceEnergy[],
  baseline: MeasureOptions["baseline"],
  wallFactor: number,
): string[] {
  const counted = sources.filter((source) => source.counted);
  const kinds = new Set(counted.map(({ kind }) => kind));
  const walled = counted.some(({ info }) => info.domain === "wall");
  const idleS = Math.min(...counted.map(({ info }) => baseline?.get(info.id)?.coveredS ?? Number.POSITIVE_INFINITY));
  const unbased = counted.some(({ baselineJ }) => baselineJ === undefined);
  const busyRatio = Math.max(0, ...counted.map(({ info }) => baseline?.get(info.id)?.busyRatio ?? 0));
  const isPartial = counted.some(({ coverage }) => coverage < LEAST_COVERAGE);
  const general: readonly (readonly [boolean, string])[] = [
    [counted.length === 0, "no usable source: nothing was measured"],
    [kinds.has("modelled") && kinds.size > 1, "modelled and measured joules are added"],
    [baseline === undefined && counted.length > 0, "no baseline: net is gross"],
    [
      baseline !== undefined && unbased,
      "some sources have no baseline (not read while idle, or for too short a time to tell its spread): their net is gross",
    ],
    [
      busyRatio >= BUSY_RATIO,
      `the processor was ${formatRatio(busyRatio)} busy while idle power was recorded: net is only what came on top of that, and what other programs gave way to is not in it`,
    ],
    [idleS < SHORT_IDLE_S, `idle power was seen for ${idleS.toFixed(1)} s only: its spread is a rough guess`],
    [
      wallFactor !== 1 && !walled,
      `wall factor ${wallFactor}: the share that it adds is modelled, and a component of its own`,
    ],
    [
      wallFactor === 1 && !walled && counted.length > 0,
      "not wall power: supply losses, board, fans and disks are outside",
    ],
    [
      isPartial || (lost.length > 0 && counted.length > 0),
      "unseen time is taken to draw anything from 0 to the source's stated limit, or to its highest power in the recording",
    ],
  ];
  const missing = counted.length > 0 ? lost.map(({ info }) => `${info.name} is missing from the total`) : [];
  const own = sources.flatMap(({ info, remarks }) => remarks.map((remark) => `${info.name}: ${remark}`));
  return [...general.flatMap(([holds, text]) => (holds ? [text] : [])), ...missing, ...own];
}
