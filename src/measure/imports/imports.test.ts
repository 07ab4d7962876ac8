import { describe, expect, it } from "vitest";
import { InputError } from "../../units/input-error.ts";
import { measureWindow } from "../measure.ts";
import type { Recording } from "../trace.ts";
import { windowsFrom } from "../windows.ts";
import { cellsOf } from "./csv.ts";
import { IMPORT_FORMATS, importText } from "./table.ts";

/** One small file per format, written here in the columns that the tools write. */
const FILES: Readonly<Record<string, string>> = {
  "nvidia-smi": [
    "timestamp, index, name, power.draw [W], utilization.gpu [%]",
    "2026/02/28 23:59:59.500, 0, NVIDIA A100, 100.00 W, 50 %",
    "2026/02/28 23:59:59.500, 1, NVIDIA A100, [N/A], 0 %",
    "2026/03/01 00:00:00.500, 0, NVIDIA A100, 200.00 W, 60 %",
    "2026/03/01 00:00:00.500, 1, NVIDIA A100, 40.00 W, 0 %",
    "2026/03/01 00:00:01.500, 0, NVIDIA A100, 300.00 W, 60 %",
    "2026/03/01 00:00:01.500, 1, NVIDIA A100, 40.00 W, 0 %",
  ].join("\r\n"),
  "nvidia-dmon": [
    "#Date       Time        gpu    pwr  gtemp",
    "#YYYYMMDD   HH:MM:SS    Idx      W      C",
    " 20260301   10:00:00      0     60     40",
    " 20260301   10:00:01      0     80     40",
    "#Date       Time        gpu    pwr  gtemp",
    "#YYYYMMDD   HH:MM:SS    Idx      W      C",
    " 20260301   10:00:02      0      -     40",
    " 20260301   10:00:03      0    100     40",
  ].join("\n"),
  codecarbon: [
    "timestamp,project_name,run_id,duration,emissions,emissions_rate,cpu_power,gpu_power,ram_power,cpu_energy,gpu_energy,ram_energy,energy_consumed,country_name",
    '2026-03-01T10:00:00,"net, small",run-1,300,0.01,0.0001,42.5,300,31,0.003,0.025,0.002,0.03,"Korea, Republic of"',
  ].join("\n"),
  energibridge: [
    "Delta,Time,CPU_USAGE_0,DRAM_ENERGY (J),GPU0_ENERGY (mJ),PACKAGE_ENERGY (J),PP0_ENERGY (J)",
    "0,1700000000000,50,10,1000,100,80",
    "200,1700000000200,50,11,2000,110,86",
    "200,1700000000400,100,12,3000,120,92",
  ].join("\n"),
  "power-gadget": [
    "System Time,RDTSC,Elapsed Time (sec),CPU Utilization(%),Processor Power_0(Watt),Cumulative Processor Energy_0(Joules),Cumulative Processor Energy_0(mWh),Cumulative IA Energy_0(Joules),Cumulative DRAM Energy_0(Joules)",
    "10:00:00:100,1,0.1,5,20,2.0,0.5,1.0,0.2",
    "10:00:00:200,2,0.2,5,20,4.0,1.0,2.0,0.4",
    "10:00:00:300,3,0.3,5,20,6.0,1.5,3.0,0.6",
    "",
    "Total Elapsed Time (sec) = 0.3",
    "Cumulative Processor Energy_0 (Joules) = 6.0",
  ].join("\n"),
  "experiment-impact-tracker": [
    '{"timestamp": 1700000000.0, "rapl_power_draw_absolute": 50.0, "rapl_estimated_attributable_power_draw": 20.0, "nvidia_draw_absolute": null}',
    '{"timestamp": 1700000001.0, "rapl_power_draw_absolute": 60.0, "rapl_estimated_attributable_power_draw": 20.0, "nvidia_draw_absolute": 100.0}',
    '{"timestamp": 1700000002.0, "rapl_power_draw_absolute": 70.0, "rapl_estimated_attributable_power_draw": 20.0, "nvidia_draw_absolute": 100.0}',
  ].join("\n"),
  scaphandre: [0, 2, 4]
    .map((second) =>
      JSON.stringify({
        host: { consumption: 40e6, timestamp: 1.7e9 + second, components: { disks: [] } },
        consumers: [{ exe: 'a"}', cmdline: "{", pid: 1, consumption: 1, timestamp: 1.7e9 }],
        sockets: [
          {
            id: 0,
            consumption: 30e6,
            timestamp: 1.7e9 + second,
            domains: [{ name: "dram", consumption: 5e6, timestamp: 1.7e9 + second }],
          },
        ],
      }),
    )
    .join(""),
  perun: [
    ",run id,hostname,device_group,sensor,unit,magnitude,timestep,value",
    "0,0,node1,cpu,CPU_0_package-0,J,1e-06,0.0,1000000",
    "1,0,node1,cpu,CPU_0_package-0,J,1e-06,1.0,11000000",
    "2,0,node1,cpu,CPU_0_package-0,J,1e-06,2.0,21000000",
    "3,0,node1,cpu,CPU_UTIL,%,1.0,0.0,50",
    "4,1,node1,cpu,CPU_0_package-0,J,1e-06,0.0,500000000",
    "5,1,node1,cpu,CPU_0_package-0,J,1e-06,1.0,520000000",
    "6,1,node1,cpu,CPU_0_package-0,J,1e-06,2.0,540000000",
  ].join("\n"),
  zeus: "start_time,window_name,elapsed_time,gpu0_energy,gpu1_energy\n2026-03-01 10:00:00.123,epoch,12.5,1000,2000\n",
  "wall-meter": "time_s,power_w\n0,100\n1,100\n2,100\n",
};

const whole = (recording: Recording) => {
  const times = recording.traces.flatMap(({ timeS }) => [...timeS]);
  return { name: "all", fromS: Math.min(...times), toS: Math.max(...times) };
};
const netJ = (text: string): number => {
  const recording = importText(text).recording!;
  return measureWindow(recording, whole(recording)).netJ!;
};
function thrown(text: string, format?: string): InputError {
  try {
    importText(text, format);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("imports", () => {
  it("has one file per format here, and finds each by its first lines alone", () => {
    expect(Object.keys(FILES).sort()).toEqual(IMPORT_FORMATS.map(({ id }) => id).sort());
    for (const [id, text] of Object.entries(FILES)) {
      expect(IMPORT_FORMATS.filter(({ detect }) => detect(text)).map((format) => format.id)).toContain(id);
      expect(importText(text).format).toBe(id);
      expect(importText(text, id)).toEqual(importText(text));
    }
  });

  it("keeps GPUs of nvidia-smi apart and takes [N/A] as missing", () => {
    const { recording } = importText(FILES["nvidia-smi"]!);
    const [first, second] = recording!.traces;
    expect([...first!.timeS]).toEqual([0, 1, 2]);
    expect([...first!.values]).toEqual([100, 200, 300]);
    expect([...second!.values]).toEqual([Number.NaN, 40, 40]);
    expect([...recording!.load[0]!.ratio]).toEqual([0.5, 0.6, 0.6]);
  });

  it("reads dmon with its repeated headers", () => {
    const [trace] = importText(FILES["nvidia-dmon"]!).recording!.traces;
    expect([...trace!.values]).toEqual([60, 80, Number.NaN, 100]);
    expect([...trace!.timeS]).toEqual([0, 1, 2, 3]);
    expect(thrown("# gpu    pwr gtemp\n# Idx      W     C\n    0     60    40\n").hint).toContain("-o DT");
  });

  it("turns kWh of CodeCarbon into joules and reads quoted commas", () => {
    const [run] = importText(FILES.codecarbon!).runs;
    expect(run!.energyJ).toBeCloseTo(108_000, 6);
    expect(run!.components.map(({ energyJ }) => energyJ / 3600)).toEqual(
      [3, 25, 2].map((value) => expect.closeTo(value, 9)),
    );
    expect(cellsOf('a,"b ""c"", d",e')).toEqual(["a", 'b "c", d', "e"]);
  });

  it("takes the kind from experiment_id where joulecast wrote the file, and from no other file", () => {
    const rowsOf = (...lines: readonly string[]) => {
      const header = "timestamp,run_id,experiment_id,duration,emissions,gpu_energy,energy_consumed,codecarbon_version";
      return importText([header, ...lines].join("\n"));
    };
    const row = (experiment: string, version: string) =>
      rowsOf(`2026-03-01T10:00:00,06dn3pqzvc1s,${experiment},60,,0.001,0.001,${version}`);
    const ours = row("integrated; replay", "joulecast 1.0.0");
    expect(ours.runs[0]).toMatchObject({
      own: { id: "06dn3pqzvc1s", kind: "integrated", origin: "replay" },
      components: [{ domain: "gpu", kind: "integrated" }],
    });
    expect(ours.remarks).toEqual([]);
    expect(row("mixed", "joulecast 1.0.0").runs[0]!.own!.kind).toBe("mixed");
    const others = row("integrated", "3.0.1").runs[0]!;
    expect([others.own, others.components[0]!.kind]).toEqual([undefined, "measured"]);
    const some = rowsOf(
      "2026-03-01T10:00:00,a,measured,60,,0.001,0.001,joulecast 1.0.0",
      "2026-03-01T10:00:00,b,missing,60,,,,joulecast 1.0.0",
    );
    expect([some.runs.length, some.remarks]).toEqual([1, [expect.stringContaining("1 of joulecast's rows left out")]]);
  });

  it("adds package, DRAM and GPU of EnergiBridge, and not the cores inside the package", () => {
    expect(netJ(FILES.energibridge!)).toBeCloseTo(20 + 2 + 2, 6);
  });

  it("leaves out Power Gadget's summary and its IA energy, and begins where its log began", () => {
    expect(netJ(FILES["power-gadget"]!)).toBeCloseTo(6 + 0.6, 6);
  });

  it("prefers the machine's power over the attributed share", () => {
    const { traces } = importText(FILES["experiment-impact-tracker"]!).recording!;
    expect([...traces[0]!.values]).toEqual([50, 60, 70]);
    expect([...traces[1]!.values]).toEqual([Number.NaN, 100, 100]);
    const csv = "timestamp,nvidia_estimated_attributable_power_draw\n1700000000,50\n1700000001,60\n";
    expect([...importText(csv).recording!.traces[0]!.values]).toEqual([50, 60]);
  });

  it("reads Scaphandre objects without commas between them, host only counted", () => {
    expect(netJ(FILES.scaphandre!)).toBeCloseTo(160, 6);
    const killed = `[${FILES.scaphandre!.replaceAll("}{", "},{")},{"host":{"consum`;
    expect(importText(killed).recording!.traces[0]!.timeS.length).toBe(3);
  });

  it("lays perun's runs one after another, each with its window", () => {
    const { recording } = importText(FILES.perun!);
    const { windows } = windowsFrom(recording!.marks, 1000);
    const joules = windows.map((window) => measureWindow(recording!, window).netJ);
    expect(windows.map(({ name }) => name)).toEqual(["run 0", "run 1"]);
    expect(joules).toEqual([20, 40].map((value) => expect.closeTo(value, 6)));
  });

  it("reads perun's tree, with its list around the children", () => {
    const sensor = (values: readonly number[], unit: string) => ({
      id: "s",
      nodes: [{}],
      raw_data: { timesteps: [0, 1, 2], values, v_md: { unit, mag: 1 }, t_md: {} },
    });
    const run = {
      id: "0",
      metadata: { execution_dt: "2026-03-01" },
      metrics: {
        energy: { value: 90, metric_md: { mag: 1 } },
        runtime: { value: 2, metric_md: { mag: 1 } },
        gpu_energy: { value: 90, metric_md: { mag: 1 } },
      },
      nodes: [{ node1: { nodes: [{ gpu: { nodes: [{ "CUDA:0_POWER": sensor([30, 45, 60], "W") }] } }] } }],
    };
    const text = JSON.stringify({
      id: "app",
      metadata: {},
      nodes: [{ multi: { id: "multi", metadata: {}, nodes: [{ "0": run }] } }],
    });
    const { recording, runs } = importText(text);
    expect(runs[0]).toMatchObject({
      energyJ: 90,
      durationS: 2,
      startedAt: "2026-03-01",
      components: [{ domain: "gpu", energyJ: 90 }],
    });
    expect([...recording!.traces[0]!.values]).toEqual([30, 45, 60]);
  });

  it("reads the three files of Zeus", () => {
    expect(importText(FILES.zeus!).runs[0]).toMatchObject({ name: "epoch", durationS: 12.5, energyJ: 3000 });
    const power = importText("Time,gpu0,gpu1\n2026-03-01 10:00:00.0,100,50\n2026-03-01 10:00:00.1,110,50\n");
    expect(power.recording!.traces.map(({ values }) => [...values])).toEqual([
      [100, 110],
      [50, 50],
    ]);
    const summary = importText("network,batch_size,time_per_epoch,average_power\nresnet,64,10,150\n");
    expect(summary.runs[0]).toMatchObject({ name: "network=resnet batch_size=64", energyJ: 1500 });
  });

  it("leaves out readings at which the clock went back, and says how many", () => {
    const { recording, remarks } = importText("time_s,power_w\n10,1\n11,1\n5,1\n12,1\n");
    expect([...recording!.traces[0]!.timeS]).toEqual([0, 1, 2]);
    expect(remarks).toEqual(["1 readings left out: the clock went back"]);
  });

  it("names the row and the cell that cannot be read", () => {
    const error = thrown(FILES["nvidia-smi"]!.replace("300.00 W", "3OO W"));
    expect(error.code).toBe("bad-import");
    expect(error.message).toContain("row 6");
    expect(error.message).toContain("3OO W");
    expect(thrown("time_s,power_w\nnoon,1\n").message).toContain('row 2: "noon"');
    expect(thrown("time_s,power_w\n1,1,7\n").message).toContain("3 cells for 2 columns");
    expect(thrown(FILES["experiment-impact-tracker"]!.replace("60.0", '"x"')).message).toContain("entry 2");
  });

  it("says which formats there are when none fits", () => {
    expect(thrown("hello\n").code).toBe("unknown-format");
    expect(thrown("", "zeuss")).toMatchObject({ code: "unknown-import-format" });
    expect(thrown(FILES.zeus!, "perun").message).toContain("does not look like perun");
    expect(thrown("time_s,power_w\n").code).toBe("empty-import");
  });
});
