// The story of what stays after measuring: logs of other tools come in, runs are listed, asked, shown, exported, served and removed.
// Each test's store is a folder of its own, by JOULECAST_HOME.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Ajv } from "ajv";
import { afterAll, describe, expect, it } from "vitest";
import { openStore } from "../../src/node/store/runs.ts";
import { parseExposition } from "../support/exposition.ts";
import { writeSteadyRecording } from "../support/steady-recording.ts";
import { RECORDING, storedRun } from "../support/stored-runs.ts";
import { runCli, runJson, temporaryFolder } from "./run-cli.ts";

const folder = temporaryFolder();
const schemas = resolve(import.meta.dirname, "../../data/schemas");
const oldHome = process.env.JOULECAST_HOME;
afterAll(() => {
  if (oldHome === undefined) delete process.env.JOULECAST_HOME;
  else process.env.JOULECAST_HOME = oldHome;
});

// biome-ignore lint/suspicious/noExplicitAny: parsed JSON, checked by the schema of the package
type Json = any;

/** The programs started from here on keep their runs there. */
function useHome(name: string): string {
  process.env.JOULECAST_HOME = join(folder, name);
  return process.env.JOULECAST_HOME;
}

function conforms(command: string, json: unknown): Json {
  const validate = new Ajv({ allowUnionTypes: true }).compile(
    JSON.parse(readFileSync(join(schemas, `${command}.json`), "utf8")),
  );
  expect(validate(json) ? [] : validate.errors).toEqual([]);
  return (json as Json).result;
}

function validated(command: string, args: readonly string[]): Json {
  const { run, json } = runJson(args);
  expect(run.status, run.stderr).toBe(0);
  return conforms(command, json);
}

const file = (name: string, lines: readonly string[]): string => {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
};

const gpuLog = file("gpu.csv", [
  "timestamp, index, name, power.draw [W]",
  ...Array.from({ length: 61 }, (_, s) => `2026/02/28 23:59:${String(s % 60).padStart(2, "0")}.000, 0, A100, 250.00 W`)
    .slice(0, 60)
    .concat("2026/03/01 00:00:00.000, 0, A100, 250.00 W"),
]);
const emissions = file("emissions.csv", [
  "timestamp,project_name,run_id,duration,emissions,emissions_rate,cpu_power,gpu_power,ram_power,cpu_energy,gpu_energy,ram_energy,energy_consumed,country_name",
  '2026-03-01T10:00:00,"net, small",run-1,300,0.01,0.0001,42.5,300,31,0.003,0.025,0.002,0.03,"Korea, Republic of"',
  '2026-03-02T10:00:00,"net, small",run-2,600,0.01,0.0001,42.5,300,31,0.006,0.05,0.004,0.06,"Korea, Republic of"',
]);
const brokenLog = file("broken.csv", [
  "timestamp, index, name, power.draw [W]",
  "2026/03/01 00:00:00.000, 0, A100, 250.00 W",
  "2026/03/01 00:00:01.000, 0, A100, banana",
]);

const truncated = join(folder, "truncated.onnx");
const whole = readFileSync(resolve(import.meta.dirname, "../fixtures/onnx/cnn.onnx"));
writeFileSync(truncated, whole.subarray(0, whole.length / 2));

const widest = (text: string): number => Math.max(...text.split("\n").map((line) => [...line].length));

describe("an empty store", () => {
  it("has an empty list and no complaint", () => {
    useHome("empty");
    expect(validated("history", ["history"])).toEqual({ runs: [] });
    const text = runCli(["history"]);
    expect(text).toMatchObject({ status: 0, stderr: "" });
    expect(text.stdout).toContain("No runs yet");
    expect(validated("export", ["export", "--prometheus"])).toEqual({ form: "prometheus", runs: [], text: "" });
  });
});

describe("joulecast import", () => {
  it("brings in readings and sums, each as what it is, and the same file only once", () => {
    useHome("import");
    const { runs, files } = validated("import", ["import", gpuLog, emissions]);
    expect(files.map((each: Json) => each.format)).toEqual(["nvidia-smi", "codecarbon"]);
    expect(runs.map((run: Json) => [run.command, run.kind, run.startedAt, run.known])).toEqual([
      ["gpu.csv", "integrated", "2026-02-28T23:59:00.000Z", false],
      ["emissions.csv: run-1", "mixed", "2026-03-01T10:00:00.000Z", false],
      ["emissions.csv: run-2", "mixed", "2026-03-02T10:00:00.000Z", false],
    ]);
    expect(runs[0].grossJ).toBeCloseTo(250 * 60, 6);
    expect(runs[2].grossJ).toBeCloseTo(0.06 * 3.6e6, 6);

    const again = validated("import", ["import", emissions, "--format", "codecarbon"]).runs;
    expect(again.map((run: Json) => [run.id, run.known])).toEqual(runs.slice(1).map((run: Json) => [run.id, true]));
    expect(validated("history", ["history"]).runs).toHaveLength(3);

    const shown = validated("history", ["history", runs[1].id]).runs[0];
    expect(shown.provenance[0]).toBe('imported from codecarbon, file "emissions.csv"');
    expect(shown.measurements[0].sources.map((source: Json) => [source.info.domain, source.kind])).toEqual([
      ["cpu", "modelled"],
      ["gpu", "measured"],
      ["dram", "modelled"],
    ]);
    expect(shown.environment).toEqual({ joulecast: expect.any(String), gpus: [] });
  });

  it("takes back its own export as what it was: known where the run is, and of the same kind where it is not", () => {
    useHome("round-trip");
    const [first] = validated("import", ["import", gpuLog]).runs;
    const exported = join(folder, "own.csv");
    expect(runCli(["export", "--codecarbon", "--out", exported]).status).toBe(0);
    expect(validated("import", ["import", exported]).runs).toMatchObject([{ id: first.id, known: true }]);
    expect(validated("history", ["history"]).runs).toHaveLength(1);
    useHome("round-trip-elsewhere");
    const [there] = validated("import", ["import", exported]).runs;
    expect(there).toMatchObject({ id: first.id, known: false, kind: "integrated" });
    expect(there.grossJ).toBeCloseTo(first.grossJ, 6);
  });

  it("names the row that is wrong, and then keeps nothing of any file", () => {
    const home = useHome("import-broken");
    const run = runCli(["import", gpuLog, brokenLog]);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/broken\.csv": nvidia-smi CSV, row 3: "banana".*nothing was imported/);
    expect(validated("history", ["history"]).runs).toEqual([]);
    expect(readdirSync(join(home, "runs"))).toEqual([]);
  });

  it.each([
    ["a file of no known format", () => [file("poem.txt", ["roses are red"])], /formats: nvidia-smi, .*zeus/],
    ["a format that is none", () => [gpuLog, "--format", "nvidia-sm"], /nearest: nvidia-smi/],
    ["another format than the file's", () => [gpuLog, "--format", "codecarbon"], /does not look like CodeCarbon/],
    ["a file that is not there", () => [join(folder, "nowhere.csv")], /no such file/],
  ])("refuses %s", (_, args, words) => {
    useHome("import-refused");
    const run = runCli(["import", ...args()]);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(words);
  });
});

describe("joulecast history", () => {
  const runs = [storedRun(1), storedRun(2, { kind: "modelled", complete: false }), storedRun(3, { measurements: [] })];
  const home = join(folder, "history");
  const filled = (async () => {
    const store = openStore({ home });
    for (const run of runs) await store.saveRun(run, RECORDING);
  })();

  it("lists the newest first, within 80 columns, with the killed ones marked", async () => {
    await filled;
    useHome("history");
    const list = validated("history", ["history"]).runs;
    expect(list.map((run: Json) => run.id)).toEqual(runs.map(({ id }) => id).reverse());
    expect(list[0]).toMatchObject({ netJ: null, complete: true, durationS: 10 });
    expect(list[2]).toEqual({
      id: runs[0]!.id,
      startedAt: "2026-01-01T00:01:00.000Z",
      command: "python infer.py --batch 1",
      netJ: 837,
      durationS: 10,
      kind: "measured",
      complete: true,
    });
    const text = runCli(["history"]).stdout;
    expect(widest(text)).toBeLessThanOrEqual(80);
    expect(text).toContain("modelled †");
    expect(text).toContain("† 1 incomplete");
    expect(runCli(["history", "--csv"]).stdout.split("\r\n")[1]).toContain("2026-01-01T00:03:00.000Z");
  });

  it.each([
    [["--command", "BATCH 2"], [2]],
    [
      ["--kind", "measured"],
      [3, 1],
    ],
    [["--limit", "1"], [3]],
    [
      ["--since", "2026-01-01T00:02:00Z"],
      [3, 2],
    ],
    [["--since", "1d"], []],
    [["--where", "netJ > 800 AND complete"], [1]],
  ])("asks %j", async (args, minutes) => {
    await filled;
    useHome("history");
    const found = validated("history", ["history", ...args]).runs.map((run: Json) => run.id);
    expect(found).toEqual(minutes.map((minute) => runs[minute - 1]!.id));
  });

  it("shows one run with its windows and components, and what is not counted as not counted", async () => {
    await filled;
    useHome("history");
    const { id } = runs[0]!;
    const run = validated("history", ["history", id]).runs[0];
    expect(run).toMatchObject({ id, netJ: 837, exitCode: 0, windows: [{ name: "run", fromS: 0, toS: 10 }] });
    expect(run.measurements[0].sources.map((source: Json) => source.counted)).toEqual([true, false, true, true]);
    const text = runCli(["history", id]).stdout;
    expect(widest(text)).toBeLessThanOrEqual(80);
    const page = join(folder, "run.html");
    expect(runCli(["history", id, "--html", page]).status).toBe(0);
    expect(readFileSync(page, "utf8")).toContain("Power over the run");
    for (const words of ["837 J", "800–870 J", "rapl/package-0/core", "Test CPU", "baseline: 10 s before"])
      expect(text).toContain(words);
  });

  it.each([
    [["history", "zzzz"], /unknown run "zzzz"/],
    [["history", "0", "--limit", "1"], /an id or conditions|either an id/],
    [["history", "--where", "joules > 3"], /not a condition over runs/],
    [["history", "--since", "yesterday-ish"], /neither an age nor a date/],
    [["history", "--kind", "guessed"], /measured, integrated/],
    [["history", "--limit", "0"], /--limit/],
  ])("refuses %j", async (args, words) => {
    await filled;
    useHome("history");
    const run = runCli(args);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(words);
  });

  it("removes the runs that are named, or none when one of them is not there", async () => {
    const other = useHome("history-rm");
    const store = openStore({ home: other });
    for (const run of runs) await store.saveRun(run, RECORDING);
    const [first, second, third] = runs.map(({ id }) => id);
    expect(runCli(["history", "rm", first!, "zzzz"]).status).toBe(2);
    expect(validated("history", ["history"]).runs).toHaveLength(3);
    expect(validated("history-rm", ["history", "rm", first!, third!])).toEqual({ removed: [first, third] });
    expect(validated("history", ["history"]).runs.map((run: Json) => run.id)).toEqual([second]);
  });
});

describe("joulecast export", () => {
  const runs = [storedRun(11), storedRun(12, { command: 'say "a\\b"\n{x="1"}' })];
  const filled = (async () => {
    const store = openStore({ home: join(folder, "export") });
    for (const run of runs) await store.saveRun(run, RECORDING);
  })();

  it("writes Prometheus text that a scraper takes", async () => {
    await filled;
    useHome("export");
    const samples = parseExposition(runCli(["export", "--prometheus"]).stdout);
    const net = samples.filter(({ name }) => name === "joulecast_run_net_joules");
    expect(net.map(({ labels, value }) => [labels.run, labels.command, value])).toEqual(
      runs.map(({ id, command }) => [id, command, 837]),
    );
  });

  it("writes one OTLP resource per run, and only those asked for", async () => {
    await filled;
    useHome("export");
    const request = JSON.parse(runCli(["export", runs[1]!.id, "--otlp"]).stdout);
    expect(request.resourceMetrics).toHaveLength(1);
    const { metrics, scope } = request.resourceMetrics[0].scopeMetrics[0];
    expect(scope.name).toBe("joulecast");
    for (const metric of metrics) {
      const points = (metric.sum ?? metric.gauge).dataPoints;
      expect(points.length).toBeGreaterThan(0);
      for (const point of points) {
        expect(point.timeUnixNano).toMatch(/^\d{19}$/);
        expect(Number.isFinite(point.asDouble)).toBe(true);
      }
    }
  });

  it("means by --csv what every command means, and the same rows in Parquet and CodeCarbon's form", async () => {
    await filled;
    useHome("export");
    const csv = runCli(["export", "--csv", "--since", "2026-01-01T00:12:00Z"]).stdout;
    expect(csv).toMatch(/^id,startedAt,command,complete,window,kind,durationS,grossJ/);
    expect(csv).toContain(runs[1]!.id);
    expect(csv).not.toContain(runs[0]!.id);
    const out = join(folder, "runs.parquet");
    expect(validated("export", ["export", "--parquet", out])).toMatchObject({ form: "parquet", file: out });
    expect(readFileSync(out).subarray(0, 4).toString()).toBe("PAR1");
    const [head, row] = runCli(["export", runs[0]!.id, "--codecarbon", "--region", "FI"]).stdout.split("\r\n");
    const cell = (name: string): string => row!.split(",")[head!.split(",").indexOf(name)]!;
    expect(Number(cell("energy_consumed")) * 3.6e6).toBeCloseTo(1116, 6);
    expect(cell("country_iso_code")).toBe("FIN");
    expect(Number(cell("emissions"))).toBeGreaterThan(0);
  });

  it.each([
    [[], /no form/],
    [["--otlp", "--csv"], /several forms/],
    [["--otlp", "--region", "FI"], /no meaning/],
    [["zzzz", "--csv"], /unknown run/],
    [["--parquet", "/nowhere/at/all.parquet"], /cannot write/],
  ])("refuses %j", async (args, words) => {
    await filled;
    useHome("export");
    const run = runCli(["export", ...args]);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(words);
  });
});

describe("joulecast serve --metrics", () => {
  const main = resolve(import.meta.dirname, "../../dist/cli/main.js");

  it("answers a scrape with live sources and the newest runs, and ends well when asked to", async () => {
    const home = useHome("serve");
    await openStore({ home }).saveRun(storedRun(21), RECORDING);
    const replay = writeSteadyRecording(folder, [40, 2]);
    const args = ["serve", "--metrics", "--port", "0", "--period", "20ms", "--replay", replay, "--json"];
    const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    const ended = new Promise((done) => child.on("exit", done));
    try {
      child.stdout.setEncoding("utf8");
      let text = "";
      for await (const chunk of child.stdout) {
        text += chunk;
        if (text.endsWith("\n")) break;
      }
      const { url, sources } = conforms("serve", JSON.parse(text));
      expect(sources.map((source: Json) => source.id)).toEqual(["replay/steady/package-0", "replay/steady/package-1"]);
      const ask = async (path: string, init?: RequestInit) => fetch(new URL(path, url), init);
      const scrape = async () => parseExposition(await (await ask("/metrics")).text());
      const joulesOf = (samples: Awaited<ReturnType<typeof scrape>>, index: number) =>
        samples.find(
          ({ name, labels }) =>
            name === "joulecast_energy_joules_total" && labels.source === `replay/steady/package-${index}`,
        )!;
      // Until the timer has read the sources twice: the test waits for what is seen, not for a time.
      let samples = await scrape();
      while (joulesOf(samples, 1).value === 0) samples = await scrape();
      // One source may be a tick ahead of the other: after ten ticks that is no more than a tenth.
      const tickJ = joulesOf(samples, 1).value;
      while (joulesOf(samples, 1).value < 10 * tickJ) samples = await scrape();
      expect(joulesOf(samples, 0).labels).toMatchObject({ domain: "package", kind: "measured", counted: "true" });
      const ratio = joulesOf(samples, 0).value / joulesOf(samples, 1).value;
      expect(Math.abs(ratio / 20 - 1)).toBeLessThan(0.15);
      const power = samples.filter(({ name }) => name === "joulecast_power_watts");
      expect(power).toHaveLength(2);
      expect(samples.find(({ name }) => name === "joulecast_run_net_joules")).toMatchObject({ value: 837 });

      expect((await ask("/metrics")).headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
      expect((await ask("/elsewhere")).status).toBe(404);
      expect((await ask("/metrics", { method: "POST" })).status).toBe(405);
    } finally {
      child.kill("SIGTERM");
    }
    expect(await ended).toBe(0);
  });

  it.each([
    [["serve", "--runs", "3"], /--metrics/],
    [["serve", "nothing.onnx"], /no such file/],
    [["serve", truncated], /truncated\.onnx/],
    [["serve", "--metrics", "--wall-meter", join(folder, "nowhere.csv")], /no such file/],
    [["serve", "--metrics", "--port", "70000"], /out of range/],
    [["serve", "--metrics", "--host", "192.0.2.1"], /no such address/],
    [["serve", "--metrics", "--period", "1h"], /--period/],
    [["serve", "--metrics", "--replay", gpuLog], /is not JSON/],
  ])("refuses %j", (args, words) => {
    useHome("serve-refused");
    const run = runCli(args);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(words);
  });
});
