// Random machines doing random work, with the truth beside what their meters said. The dice of the property tests and of
// bench/coverage.mjs: what is drawn here is what "the interval covers the truth" is claimed for.
import type { Random } from "../../src/math/random.ts";
import type { IdleStretch } from "../../src/measure/baseline.ts";
import type { SourceInfo } from "../../src/measure/power-source.ts";
import type { Recording, Trace, Window } from "../../src/measure/trace.ts";
import { bursts, type Feature, level, noise, type PowerCurve, powerCurve, ramps, sumCurve } from "./power-curve.ts";
import { type MeterSettings, pollTimes, record, simulatedMeter } from "./simulate.ts";

/** One machine, one run. */
export interface Scenario {
  readonly recording: Recording;
  /** Empty when no baseline was taken. */
  readonly idle: readonly IdleStretch[];
  readonly window: Window;
  /** Joules of the whole window, of the sources that are not inside another. */
  readonly truth: {
    readonly grossJ: number;
    readonly bySource: ReadonlyMap<string, number>;
    /** Joules that each source would have drawn idle. */
    readonly idleBySource: ReadonlyMap<string, number>;
  };
  readonly pollPeriodS: number;
}

/** What may be drawn. */
export interface ScenarioOptions {
  /** Only energy counters, 10 Hz, no failed reads and no calibration error: for the 1 % law. */
  readonly clean?: boolean;
  /** Range of the window's duration, s. Default 2 to 30. */
  readonly durationS?: readonly [number, number];
}

const between = (random: Random, low: number, high: number): number => low + (high - low) * random.uniform();
const pick = <T>(random: Random, items: readonly T[]): T => items[random.below(items.length)]!;

/** Work between two times: one of four shapes, and fast noise on it. */
function work(fromS: number, toS: number, powerW: number, random: Random): Feature[] {
  const shapes: readonly (() => Feature[])[] = [
    () => [level(fromS, toS, powerW)],
    () => [
      level(fromS, toS, powerW * 0.3),
      ...bursts(fromS, toS, powerW, between(random, 0.05, 1), between(random, 0.02, 1), random),
    ],
    () => ramps(fromS, toS, powerW * 1.5, between(random, 0.5, 4), random),
    () => [level(fromS, toS, powerW * 0.5), ...bursts(fromS, toS, powerW * 0.6, 0.03, 0.05, random)],
  ];
  return [...pick(random, shapes)(), ...noise(fromS, toS, 0.02, powerW * 0.03, 0.7, random)];
}

interface Component {
  readonly total: PowerCurve;
  readonly idle: PowerCurve;
}

function component(
  endS: number,
  job: Window,
  idleW: number,
  activeW: number,
  driftRatio: number,
  random: Random,
): Component {
  const idleLevel = level(0, endS, idleW, idleW * (1 + driftRatio));
  return {
    idle: powerCurve(0, endS, [idleLevel]),
    total: powerCurve(0, endS, [
      idleLevel,
      ...noise(0, endS, 0.05, idleW * 0.03, 0.5, random),
      ...work(job.fromS, job.toS, activeW, random),
    ]),
  };
}

const rapl = (
  id: string,
  name: string,
  domain: SourceInfo["domain"],
  wrapJ: number,
  toleranceRatio: number,
): SourceInfo => ({
  id: `rapl/${id}`,
  name,
  domain,
  kind: "measured",
  reads: "energy",
  wrapJ,
  maxPowerW: 250,
  updatePeriodS: 1e-3,
  resolution: 61e-6,
  toleranceRatio,
  provenance: "simulated",
});

/** GPU meters: a counter, a gauge that looks a quarter of the time, and one that is read at an instant. */
function gpuMeter(kind: number, toleranceRatio: number, random: Random): { info: SourceInfo; updatePeriodS: number } {
  const base = { id: "nvml/gpu-0", name: "GPU 0", domain: "gpu", toleranceRatio, provenance: "simulated" } as const;
  const updatePeriodS = pick(random, [0.02, 0.05, 0.1]);
  if (kind === 0)
    return {
      info: { ...base, kind: "measured", reads: "energy", resolution: 1e-3, updatePeriodS, maxPowerW: 700 },
      updatePeriodS,
    };
  if (kind === 1)
    return {
      info: { ...base, kind: "integrated", reads: "power", resolution: 0.01, updatePeriodS: 0.1, dutyRatio: 0.25 },
      updatePeriodS: 0.1,
    };
  return {
    info: { ...base, kind: "integrated", reads: "power", resolution: 0.1, updatePeriodS: 0.01 },
    updatePeriodS: 0.01,
  };
}

/** Draws a machine and a run. The same random stream gives the same scenario. */
export function randomScenario(random: Random, { clean = false, durationS = [2, 30] }: ScenarioOptions = {}): Scenario {
  const tolerance = clean ? 0 : pick(random, [0, 0.01, 0.03]);
  const gains = { rapl: 1 + tolerance * between(random, -1, 1), nvml: 1 + tolerance * between(random, -1, 1) };
  // A quarter of all users are in a hurry: 0.3 to 3 s of idle time.
  const idleBeforeS = !clean && random.uniform() < 0.25 ? between(random, 0.8, 3.5) : between(random, 5, 20);
  const idleAfterS = random.uniform() < 0.5 ? between(random, 5, 10) : 1;
  const runS = Math.exp(between(random, Math.log(durationS[0]), Math.log(durationS[1])));
  const job = { name: "run", fromS: idleBeforeS, toS: idleBeforeS + runS };
  const endS = job.toS + idleAfterS;
  // Drift can only be seen, and so only be claimed, with idle time on both sides.
  const drift = (): number => (idleAfterS > 1 ? between(random, -0.05, 0.05) : 0);
  const make = (idle: readonly [number, number], active: readonly [number, number]): Component =>
    component(endS, job, between(random, ...idle), between(random, ...active), drift(), random);
  const core = make([2, 10], [5, 80]);
  const uncore = make([3, 10], [0, 10]);
  const pkg = { total: sumCurve([core.total, uncore.total]), idle: sumCurve([core.idle, uncore.idle]) };
  const dram = make([1, 4], [1, 10]);
  const gpu = make([15, 60], [20, 300]);

  const wrapJ = pick(random, [262_143.328_85, 700]);
  const meters: readonly (MeterSettings & { curve: PowerCurve; idleCurve: PowerCurve })[] = [
    {
      info: rapl("package-0", "package 0", "package", wrapJ, tolerance),
      updatePeriodS: 1e-3,
      curve: pkg.total,
      idleCurve: pkg.idle,
    },
    {
      info: { ...rapl("core-0", "cores 0", "core", wrapJ, tolerance), partOf: "rapl/package-0" },
      updatePeriodS: 1e-3,
      curve: core.total,
      idleCurve: core.idle,
    },
    {
      info: rapl("dram-0", "DRAM 0", "dram", wrapJ, tolerance),
      updatePeriodS: 1e-3,
      curve: dram.total,
      idleCurve: dram.idle,
    },
    { ...gpuMeter(clean ? 0 : random.below(3), tolerance, random), curve: gpu.total, idleCurve: gpu.idle },
  ];
  const inside = random.uniform() < 0.5;
  const window: Window = inside
    ? { name: "run", fromS: job.fromS + runS * between(random, 0, 0.1), toS: job.toS - runS * between(random, 0, 0.1) }
    : job;
  const dropS = between(random, 0.3, 3);
  const dropAtS = between(random, window.fromS, window.toS);
  const poll = {
    fromS: 0,
    toS: endS,
    periodS: clean ? 0.1 : pick(random, [0.02, 0.05, 0.1, 0.1, 0.2]),
    jitterRatio: between(random, 0, 0.3),
    failRatio: clean ? 0 : pick(random, [0, 0, 0.02]),
    dropouts: !clean && random.uniform() < 0.2 ? [{ fromS: dropAtS, toS: dropAtS + dropS }] : [],
  };
  const times = pollTimes(poll, random);
  const traces: Trace[] = meters.map(({ curve, idleCurve: _idle, ...settings }, i) => {
    const gain = settings.info.id.startsWith("rapl") ? gains.rapl : gains.nvml;
    const offsetJ = between(random, 0, settings.info.wrapJ ?? 1000);
    const meter = simulatedMeter(curve, { ...settings, gain, offsetJ, updateJitterRatio: 0.1 }, random.fork(i));
    return record(meter, times, poll, random.fork(100 + i));
  });
  const recording: Recording = { traces, marks: [], load: [] };
  const idle: IdleStretch[] = [
    { recording, window: { name: "before", fromS: 0.2, toS: idleBeforeS - 0.3 } },
    ...(idleAfterS > 1 ? [{ recording, window: { name: "after", fromS: job.toS + 0.3, toS: endS - 0.2 } }] : []),
  ];
  const joules = (curve: PowerCurve): number => curve.energyJ(window.toS) - curve.energyJ(window.fromS);
  const counted = [pkg, dram, gpu];
  return {
    recording,
    idle: random.uniform() < 0.8 ? idle : [],
    window,
    truth: {
      grossJ: counted.reduce((total, { total: curve }) => total + joules(curve), 0),
      bySource: new Map(meters.map(({ info, curve }) => [info.id, joules(curve)])),
      idleBySource: new Map(meters.map(({ info, idleCurve }) => [info.id, joules(idleCurve)])),
    },
    pollPeriodS: poll.periodS,
  };
}
