// Runs as CodeCarbon's emissions.csv [CodeCarbon]: the columns of version 3 in their order, energy in kWh, emissions in kg CO2e.
// What CodeCarbon knows and we do not (place, cloud, Python) is left empty, not invented. How the joules came about has no column of
// its own there: it stands in experiment_id, which its file leaves free: "measured", "modelled", "measured; replay".
import type { Measurement, SourceEnergy } from "../../../measure/measurement.ts";
import { originLabel } from "../../../measure/origin.ts";
import type { Domain } from "../../../measure/power-source.ts";
import { renderCsv } from "../../../report/csv.ts";
import type { StoredRun } from "../stored-run.ts";

const JOULES_PER_KWH = 3.6e6;
const BYTES_PER_GB = 1024 ** 3;

export interface CodeCarbonOptions {
  /** Grid intensity, kg CO2e/kWh. Without it the emissions are left empty. */
  readonly intensityKgPerKwh?: number;
  /** Country of that grid, such as "FRA". */
  readonly countryIsoCode?: string;
  readonly countryName?: string;
  /** Default "joulecast". */
  readonly projectName?: string;
}

type Group = "cpu" | "gpu" | "ram";
const GROUPS: Readonly<Partial<Record<Domain, Group>>> = {
  package: "cpu",
  core: "cpu",
  uncore: "cpu",
  cpu: "cpu",
  soc: "cpu",
  gpu: "gpu",
  dram: "ram",
};

/** Sources of a group that are not part of another of it, so that nothing is added twice. Undefined: no such source was read. */
function energyOf(group: Group, sources: readonly SourceEnergy[]): number | undefined {
  const members = sources.filter(({ info }) => GROUPS[info.domain] === group);
  const ids = new Set(members.map(({ info }) => info.id));
  const outermost = members.filter(({ info }) => info.partOf === undefined || !ids.has(info.partOf));
  const read = outermost.flatMap(({ grossJ }) => grossJ ?? []);
  return read.length === 0 ? undefined : read.reduce((sum, grossJ) => sum + grossJ, 0);
}

interface Context {
  readonly run: StoredRun;
  readonly whole: Measurement | undefined;
  readonly options: CodeCarbonOptions;
}
type Value = string | number | undefined;

const kwh = (energyJ: number | undefined): Value => (energyJ === undefined ? undefined : energyJ / JOULES_PER_KWH);
const groupKwh =
  (group: Group) =>
  ({ whole }: Context): Value =>
    whole && kwh(energyOf(group, whole.sources));
const groupW =
  (group: Group) =>
  ({ whole }: Context): Value => {
    const energyJ = whole && energyOf(group, whole.sources);
    return energyJ === undefined || !(whole!.durationS > 0) ? undefined : energyJ / whole!.durationS;
  };
function emissionsKg({ whole, options }: Context): number | undefined {
  if (whole?.grossJ === undefined || options.intensityKgPerKwh === undefined) return undefined;
  return (whole.grossJ / JOULES_PER_KWH) * options.intensityKgPerKwh;
}
const unknown = (): Value => undefined;

/** Kind of the joules, and what they are not of: "modelled", "measured; replay". */
const howMade = ({ run }: Context): Value =>
  [run.measurements[0]?.kind ?? run.kind, originLabel(run.sources)].filter((word) => word !== undefined).join("; ") ||
  undefined;

/** Column → value, in the order of the file. */
const COLUMNS: Readonly<Record<string, (context: Context) => Value>> = {
  timestamp: ({ run }) => new Date(Date.parse(run.startedAt) + run.durationS * 1000).toISOString().slice(0, 19),
  project_name: ({ options }) => options.projectName ?? "joulecast",
  run_id: ({ run }) => run.id,
  experiment_id: howMade,
  duration: ({ run, whole }) => whole?.durationS ?? run.durationS,
  emissions: emissionsKg,
  emissions_rate: (context) => {
    const kg = emissionsKg(context);
    return kg === undefined || !(context.whole!.durationS > 0) ? undefined : kg / context.whole!.durationS;
  },
  cpu_power: groupW("cpu"),
  gpu_power: groupW("gpu"),
  ram_power: groupW("ram"),
  cpu_energy: groupKwh("cpu"),
  gpu_energy: groupKwh("gpu"),
  ram_energy: groupKwh("ram"),
  energy_consumed: ({ whole }) => kwh(whole?.grossJ),
  water_consumed: unknown,
  country_name: ({ options }) => options.countryName,
  country_iso_code: ({ options }) => options.countryIsoCode,
  region: unknown,
  cloud_provider: unknown,
  cloud_region: unknown,
  os: ({ run: { environment } }) =>
    [environment.platform, environment.kernel].filter((part) => part !== undefined).join("-") || undefined,
  python_version: unknown,
  codecarbon_version: ({ run }) => `joulecast ${run.environment.joulecast}`,
  cpu_count: ({ run }) => run.environment.cores,
  cpu_model: ({ run }) => run.environment.cpuModel,
  gpu_count: ({ run }) => run.environment.gpus.length || undefined,
  gpu_model: ({ run }) => run.environment.gpus.join("; ") || undefined,
  longitude: unknown,
  latitude: unknown,
  ram_total_size: ({ run: { environment } }) =>
    environment.memoryBytes === undefined ? undefined : environment.memoryBytes / BYTES_PER_GB,
  tracking_mode: () => "machine",
  on_cloud: unknown,
  pue: unknown,
  wue: unknown,
};

/** The text of an emissions.csv, one row per run: its whole, gross energy. */
export function runsToCodeCarbon(runs: readonly StoredRun[], options: CodeCarbonOptions = {}): string {
  const rows = runs.map((run) => {
    const context = { run, whole: run.measurements[0], options };
    return Object.values(COLUMNS).map((value) => ({ text: "", value: value(context) }));
  });
  const columns = Object.keys(COLUMNS).map((title) => ({ title }));
  return renderCsv({ title: "emissions", sections: [{ kind: "table", main: true, columns, rows }] });
}
