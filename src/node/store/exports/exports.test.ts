import { readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MEASUREMENT, SOURCES, storedRun, temporaryHome } from "../../../../test/support/stored-runs.ts";
import { withScratchSql } from "../duckdb.ts";
import { runsToCodeCarbon } from "./codecarbon.ts";
import { runsToCsv } from "./csv.ts";
import { runsToOtlp } from "./otlp.ts";
import { runsToParquet } from "./parquet.ts";
import { renderPrometheus, runsToPrometheus } from "./prometheus.ts";
import { EXPORTS } from "./table.ts";

const EMPTY = storedRun(2, { measurements: [], kind: undefined, complete: false, command: '=cmd|"x",\n\\' });
const RUNS = [storedRun(1), EMPTY];

const cells = (csv: string): Record<string, string>[] => {
  const [head, ...rows] = csv
    .trimEnd()
    .split("\r\n")
    .map((line) => line.split(","));
  return rows.map((row) => Object.fromEntries(head!.map((name, i) => [name, row[i]!])));
};

describe("Prometheus text", () => {
  it("holds every known number with its labels, and no sample for what is not known", () => {
    const text = runsToPrometheus(RUNS);
    const labels = `run="${RUNS[0]!.id}",command="python infer.py --batch 1",window="run",kind="measured"`;
    expect(text).toContain(`# TYPE joulecast_run_net_joules gauge\njoulecast_run_net_joules{${labels}} 837\n`);
    expect(text).toContain('source="nvml/it\'s a \\"GPU\\"",domain="gpu",kind="integrated",counted="true"} 720\n');
    expect(text.match(/^joulecast_run_gross_joules\{/gm)).toHaveLength(1);
    expect(text).toContain(`joulecast_run_complete{run="${EMPTY.id}"} 0\n`);
  });

  it("follows the grammar of version 0.0.4 whatever the labels hold", () => {
    const line =
      /^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\\\|\\"|\\n)*",?)*\})? (NaN|[+-]Inf|[-+0-9.e]+)$/;
    const sample = fc.record({ labels: fc.record({ a: fc.string(), b_1: fc.string() }), value: fc.double() });
    fc.assert(
      fc.property(fc.string(), fc.array(sample, { minLength: 1 }), (help, samples) => {
        const text = renderPrometheus([{ name: "joules_total", help, type: "counter", samples }]);
        const lines = text.split("\n");
        expect(lines.pop()).toBe("");
        expect(lines.slice(0, 2)).toEqual([
          expect.stringMatching(/^# HELP joules_total /),
          "# TYPE joules_total counter",
        ]);
        expect(lines).toHaveLength(2 + samples.length);
        for (const each of lines.slice(2)) expect(each).toMatch(line);
      }),
    );
    expect(renderPrometheus([{ name: "x", help: "", type: "gauge", samples: [] }])).toBe("");
  });
});

interface Points {
  readonly dataPoints: readonly { readonly asDouble: number }[];
}
interface Metric {
  readonly name: string;
  readonly sum?: Points;
  readonly gauge?: Points;
}

describe("OTLP JSON", () => {
  it("says the joules of each source as hw.energy over the time of the run", () => {
    const request = runsToOtlp(RUNS) as { resourceMetrics: { scopeMetrics: { metrics: Metric[] }[] }[] };
    const [measured, empty] = request.resourceMetrics.map((resource) => resource.scopeMetrics[0]!.metrics);
    expect(empty).toEqual([]);
    const energy = measured!.find(({ name }) => name === "hw.energy");
    expect(energy).toMatchObject({ unit: "J", sum: { aggregationTemporality: 1, isMonotonic: true } });
    expect(energy!.sum!.dataPoints).toHaveLength(SOURCES.length);
    expect(energy!.sum!.dataPoints[1]).toMatchObject({
      asDouble: 300,
      startTimeUnixNano: "1767225660000000000",
      timeUnixNano: "1767225670000000000",
      attributes: expect.arrayContaining([
        { key: "hw.type", value: { stringValue: "cpu" } },
        { key: "hw.parent", value: { stringValue: "rapl/package-0" } },
        { key: "joulecast.counted", value: { boolValue: false } },
      ]),
    });
    expect(measured!.find(({ name }) => name === "joulecast.run.net")!.gauge!.dataPoints[0]!.asDouble).toBe(
      MEASUREMENT.netJ,
    );
  });

  it("puts a wall meter under the host, where it is not added to its parts", () => {
    const wall = { ...MEASUREMENT.sources[0]!, info: { ...SOURCES[0]!, id: "wall", domain: "wall" as const } };
    const text = JSON.stringify(runsToOtlp([storedRun(1, { measurements: [{ ...MEASUREMENT, sources: [wall] }] })]));
    expect(text).toContain('"hw.host.energy"');
    expect(text).not.toContain('"hw.energy"');
  });
});

describe("CSV and Parquet", () => {
  it("have one row per window, empty where nothing was measured", async () => {
    expect(cells(runsToCsv([RUNS[0]!]))).toMatchObject([
      { id: RUNS[0]!.id, netJ: "837", baselineJ: "279", peakPowerW: "", complete: "true" },
    ]);
    expect(runsToCsv([EMPTY])).not.toContain(",0,");
    const path = join(temporaryHome(), "it's.parquet");
    await runsToParquet(RUNS, path);
    const rows = await withScratchSql((sql) => sql.rows("SELECT * FROM read_parquet($1) ORDER BY id", [path]));
    expect(rows).toMatchObject([
      { id: RUNS[0]!.id, netJ: 837, window: "run", complete: true, sources: expect.not.stringContaining("core") },
      { id: EMPTY.id, netJ: null, window: null, complete: false, command: EMPTY.command },
    ]);
  });

  it("say so when the Parquet file cannot be written, and leave nothing", async () => {
    const folder = temporaryHome();
    await expect(runsToParquet(RUNS, join(folder, "none", "x.parquet"))).rejects.toMatchObject({
      code: "cannot-write",
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("CodeCarbon's emissions.csv", () => {
  it("holds gross kWh by group, adding no source twice, and kilograms where the grid is known", () => {
    const [row] = cells(
      runsToCodeCarbon([RUNS[0]!], { intensityKgPerKwh: 0.5, countryIsoCode: "FRA", countryName: "France" }),
    );
    const numbers = ["cpu_energy", "gpu_energy", "ram_energy", "energy_consumed", "emissions"].map(
      (name) => Number(row![name]) * 3.6e6,
    );
    [360, 720, 36, 1116, 558].forEach((expected, i) => {
      expect(numbers[i]).toBeCloseTo(expected, 6);
    });
    expect(row).toMatchObject({
      timestamp: "2026-01-01T00:01:10",
      cpu_power: "36",
      country_iso_code: "FRA",
      ram_total_size: "16",
      pue: "",
    });
  });

  it("invents nothing", () => {
    const [row] = cells(runsToCodeCarbon([EMPTY]));
    for (const name of ["emissions", "emissions_rate", "cpu_energy", "energy_consumed", "python_version", "longitude"])
      expect(row![name]).toBe("");
  });
});

describe("what was not read of this machine", () => {
  const sources = SOURCES.map((info) => ({ ...info, origin: { kind: "replay" as const, where: "tr.json" } }));
  const measured = MEASUREMENT.sources.map((source, i) => ({ ...source, info: sources[i]! }));
  const run = storedRun(3, { sources, measurements: [{ ...MEASUREMENT, sources: measured }] });

  it("is marked in every form", () => {
    expect(cells(runsToCsv([run]))[0]).toMatchObject({ origin: "replay" });
    expect(cells(runsToCsv([RUNS[0]!]))[0]).toMatchObject({ origin: "" });
    const text = runsToPrometheus([run]);
    expect(text).toMatch(/joulecast_run_net_joules\{.*,kind="measured",origin="replay"\} 837/);
    expect(text).toMatch(/joulecast_source_gross_joules\{.*source="rapl\/dram".*,origin="replay"\} 36/);
    expect(runsToPrometheus(RUNS)).not.toContain("origin=");
    expect(JSON.stringify(runsToOtlp([run])).match(/"joulecast.origin"/g)).toHaveLength(1 + SOURCES.length);
    expect(JSON.stringify(runsToOtlp(RUNS))).not.toContain("joulecast.origin");
  });

  it("and what was modelled are told from measured joules in CodeCarbon's file", () => {
    const modelled = storedRun(4, { kind: "modelled", measurements: [{ ...MEASUREMENT, kind: "modelled" }] });
    const rows = cells(
      runsToCodeCarbon([RUNS[0]!, modelled, run, storedRun(5, { kind: undefined, measurements: [] })]),
    );
    expect(rows.map((row) => row.experiment_id)).toEqual(["measured", "modelled", "measured; replay", ""]);
  });
});

describe("the table of exports", () => {
  it.each(Object.entries(EXPORTS))("%s takes no runs at all", (_, render) => {
    expect(typeof render([], {})).toBe("string");
  });
});
