// Metrics in Prometheus' text format 0.0.4 [PromText]: finished runs as gauges, and a renderer for live counters.
import { originLabel } from "../../../measure/origin.ts";
import type { SourceInfo } from "../../../measure/power-source.ts";
import type { StoredRun } from "../stored-run.ts";

/** Content-Type of the text. */
export const PROMETHEUS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export interface PrometheusSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** All samples of one metric. Names are ours: letters, digits and underscores; counters end in `_total`. */
export interface PrometheusFamily {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly PrometheusSample[];
}

const escapeHelp = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"');

function number(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}

function line(name: string, { labels, value }: PrometheusSample): string {
  const inside = Object.entries(labels)
    .map(([label, text]) => `${label}="${escapeLabel(text)}"`)
    .join(",");
  return `${name}${inside ? `{${inside}}` : ""} ${number(value)}\n`;
}

/** The exposition text; families without samples are left out. */
export function renderPrometheus(families: readonly PrometheusFamily[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(
      ({ name, help, type, samples }) =>
        `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${samples.map((sample) => line(name, sample)).join("")}`,
    )
    .join("");
}

const optional = (labels: PrometheusSample["labels"], value: number | undefined): PrometheusSample[] =>
  value === undefined ? [] : [{ labels, value }];

/** A label only where the readings are not of this machine: a replay, another root. */
export function originLabels(sources: readonly SourceInfo[]): PrometheusSample["labels"] {
  const origin = originLabel(sources);
  return origin === undefined ? {} : { origin };
}

/** A window may be opened many times under one name, but two samples must not have the same labels: "step", "step #2", … */
function distinct(names: readonly string[]): readonly string[] {
  const met = new Map<string, number>();
  return names.map((name) => {
    const count = (met.get(name) ?? 0) + 1;
    met.set(name, count);
    return count === 1 ? name : `${name} #${count}`;
  });
}

/** Finished runs as metric families. What is not known has no sample. */
export function runFamilies(runs: readonly StoredRun[]): readonly PrometheusFamily[] {
  const windows = runs.flatMap((run) => {
    const names = distinct(run.measurements.map(({ window }) => window));
    return run.measurements.map((m, i) => ({
      m,
      labels: { run: run.id, command: run.command, window: names[i]!, kind: m.kind, ...originLabels(run.sources) },
    }));
  });
  const sources = windows.flatMap(({ m, labels: { run, window } }) =>
    m.sources.map((s) => {
      const { id: source, domain } = s.info;
      const of = { run, window, source, domain, kind: s.kind, counted: String(s.counted) };
      return { s, labels: { ...of, ...originLabels([s.info]) } };
    }),
  );
  const gauge = (name: string, help: string, samples: readonly PrometheusSample[]): PrometheusFamily => ({
    name,
    help,
    type: "gauge",
    samples,
  });
  return [
    gauge(
      "joulecast_run_gross_joules",
      "Energy of a run's window, idle power included.",
      windows.flatMap(({ m, labels }) => optional(labels, m.grossJ)),
    ),
    gauge(
      "joulecast_run_baseline_joules",
      "Energy that the idle machine would have used in that time.",
      windows.flatMap(({ m, labels }) => optional(labels, m.baselineJ)),
    ),
    gauge(
      "joulecast_run_net_joules",
      "Energy of a run's window above idle.",
      windows.flatMap(({ m, labels }) => optional(labels, m.netJ)),
    ),
    gauge(
      "joulecast_run_net_low_joules",
      "Lower end of the 95 % interval of the net energy.",
      windows.flatMap(({ m, labels }) => optional(labels, m.netLowJ)),
    ),
    gauge(
      "joulecast_run_net_high_joules",
      "Upper end of the 95 % interval of the net energy.",
      windows.flatMap(({ m, labels }) => optional(labels, m.netHighJ)),
    ),
    gauge(
      "joulecast_run_mean_power_watts",
      "Mean power over a run's window.",
      windows.flatMap(({ m, labels }) => optional(labels, m.meanPowerW)),
    ),
    gauge(
      "joulecast_run_duration_seconds",
      "Length of a run's window.",
      windows.map(({ m, labels }) => ({ labels, value: m.durationS })),
    ),
    gauge(
      "joulecast_run_coverage_ratio",
      "Share of the window that valid readings cover.",
      windows.map(({ m, labels }) => ({ labels, value: m.coverage })),
    ),
    gauge(
      "joulecast_source_gross_joules",
      'Energy of one source in a window; sources with counted="false" are part of another.',
      sources.flatMap(({ s, labels }) => optional(labels, s.grossJ)),
    ),
    gauge(
      "joulecast_source_net_joules",
      "Energy of one source in a window above idle.",
      sources.flatMap(({ s, labels }) => optional(labels, s.netJ)),
    ),
    gauge(
      "joulecast_run_start_time_seconds",
      "Start of a run, seconds since 1970.",
      runs.map((run) => ({ labels: { run: run.id }, value: Date.parse(run.startedAt) / 1000 })),
    ),
    gauge(
      "joulecast_run_complete",
      "1 for a run that ended by itself, 0 for one that was killed.",
      runs.map((run) => ({ labels: { run: run.id }, value: run.complete ? 1 : 0 })),
    ),
  ];
}

/** Finished runs in the text format. */
export const runsToPrometheus = (runs: readonly StoredRun[]): string => renderPrometheus(runFamilies(runs));
