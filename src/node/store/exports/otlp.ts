// Runs as an OTLP metrics request in JSON [OTLP], as a collector takes at /v1/metrics: `hw.energy` per source [OTelHw], net joules and
// mean power of the run as gauges. Counts of 64 bits are decimal strings, enums are numbers, names are lowerCamelCase.
import type { SourceEnergy } from "../../../measure/measurement.ts";
import { originLabel } from "../../../measure/origin.ts";
import type { Domain, SourceInfo } from "../../../measure/power-source.ts";
import type { StoredRun } from "../stored-run.ts";

/** AGGREGATION_TEMPORALITY_DELTA: the joules of this run alone. */
const DELTA = 1;

/** `hw.type` of a domain; the convention lets others be named freely. */
const HARDWARE_TYPES: Readonly<Record<Domain, string>> = {
  package: "cpu",
  core: "cpu",
  uncore: "cpu",
  cpu: "cpu",
  soc: "soc",
  dram: "memory",
  gpu: "gpu",
  battery: "battery",
  platform: "platform",
  rail: "power_supply",
  wall: "host",
  other: "other",
};

type Attribute = { readonly key: string; readonly value: Readonly<Record<string, unknown>> };
interface DataPoint {
  readonly asDouble: number;
  readonly startTimeUnixNano: string;
  readonly timeUnixNano: string;
  readonly attributes: readonly Attribute[];
}

const text = (key: string, value: string): Attribute => ({ key, value: { stringValue: value } });
const flag = (key: string, value: boolean): Attribute => ({ key, value: { boolValue: value } });

/** Nanoseconds since 1970 as a decimal string: doubles are too coarse for them. */
const nanoseconds = (ms: number, plusS: number): string =>
  String(BigInt(ms) * 1_000_000n + BigInt(Math.round(plusS * 1e9)));

interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly points: readonly DataPoint[];
}

const sum = ({ points, ...named }: Metric) => ({
  ...named,
  sum: { aggregationTemporality: DELTA, isMonotonic: true, dataPoints: points },
});
const gauge = ({ points, ...named }: Metric) => ({ ...named, gauge: { dataPoints: points } });

/** Only where the readings are not of this machine: a replay, another root. */
function originAttributes(sources: readonly SourceInfo[]): readonly Attribute[] {
  const origin = originLabel(sources);
  return origin === undefined ? [] : [text("joulecast.origin", origin)];
}

const sourceAttributes = ({ info, kind, counted }: SourceEnergy): readonly Attribute[] => [
  text("hw.id", info.id),
  text("hw.type", HARDWARE_TYPES[info.domain]),
  text("hw.name", info.name),
  ...(info.partOf === undefined ? [] : [text("hw.parent", info.partOf)]),
  text("joulecast.domain", info.domain),
  text("joulecast.kind", kind),
  flag("joulecast.counted", counted),
  ...originAttributes([info]),
];

function metricsOf(run: StoredRun): readonly object[] {
  const startMs = Date.parse(run.startedAt);
  const windows = run.measurements.map((m) => {
    const window = run.windows.find(({ name }) => name === m.window) ?? { fromS: 0, toS: m.durationS };
    const point = (asDouble: number, attributes: readonly Attribute[]): DataPoint => ({
      asDouble,
      startTimeUnixNano: nanoseconds(startMs, window.fromS),
      timeUnixNano: nanoseconds(startMs, window.toS),
      attributes: [text("joulecast.run.id", run.id), text("joulecast.window", m.window), ...attributes],
    });
    return { m, point };
  });
  const ofSources = (host: boolean) =>
    windows.flatMap(({ m, point }) =>
      m.sources
        .filter(({ info }) => (info.domain === "wall") === host)
        .flatMap((source) => (source.grossJ === undefined ? [] : [point(source.grossJ, sourceAttributes(source))])),
    );
  const ofWindows = (value: (m: (typeof windows)[number]["m"]) => number | undefined) =>
    windows.flatMap(({ m, point }) => {
      const known = value(m);
      return known === undefined ? [] : [point(known, [text("joulecast.kind", m.kind)])];
    });
  const net = ofWindows(({ netJ }) => netJ);
  const metrics = [
    sum({ name: "hw.energy", unit: "J", description: "Energy consumed by the component", points: ofSources(false) }),
    sum({
      name: "hw.host.energy",
      unit: "J",
      description: "Energy consumed by the whole host",
      points: ofSources(true),
    }),
    gauge({
      name: "joulecast.run.gross",
      unit: "J",
      description: "Energy of a window",
      points: ofWindows(({ grossJ }) => grossJ),
    }),
    gauge({ name: "joulecast.run.net", unit: "J", description: "Energy of a window above idle", points: net }),
    gauge({
      name: "joulecast.run.net.low",
      unit: "J",
      description: "Lower end of its 95 % interval",
      points: ofWindows(({ netLowJ }) => netLowJ),
    }),
    gauge({
      name: "joulecast.run.net.high",
      unit: "J",
      description: "Upper end of its 95 % interval",
      points: ofWindows(({ netHighJ }) => netHighJ),
    }),
    gauge({
      name: "joulecast.run.power",
      unit: "W",
      description: "Mean power of a window",
      points: ofWindows(({ meanPowerW }) => meanPowerW),
    }),
  ];
  return metrics.filter((metric) => ("sum" in metric ? metric.sum : metric.gauge).dataPoints.length > 0);
}

/** The request as a plain object, one resource per run. Holds no host name. */
export function runsToOtlp(runs: readonly StoredRun[]): object {
  return {
    resourceMetrics: runs.map((run) => ({
      resource: {
        attributes: [
          text("service.name", "joulecast"),
          text("service.version", run.environment.joulecast),
          text("process.command_line", run.command),
          ...originAttributes(run.sources),
          ...(run.environment.platform === undefined ? [] : [text("os.type", run.environment.platform)]),
        ],
      },
      scopeMetrics: [{ scope: { name: "joulecast", version: run.environment.joulecast }, metrics: metricsOf(run) }],
    })),
  };
}
