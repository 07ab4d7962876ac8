import { request } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseExposition } from "../../test/support/exposition.ts";
import { MEASUREMENT, SOURCES, storedRun } from "../../test/support/stored-runs.ts";
import type { PowerSource, Reading } from "../measure/power-source.ts";
import { InputError } from "../units/input-error.ts";
import { type MetricsServerOptions, startMetricsServer } from "./metrics-server.ts";
import { runFamilies, runsToPrometheus } from "./store/exports/prometheus.ts";

async function started(options: MetricsServerOptions) {
  const server = await startMetricsServer(options);
  onTestFinished(() => server.close());
  return server;
}

const sourceOf = (index: number, read: () => Reading | undefined): PowerSource => ({
  info: SOURCES[index]!,
  read,
  close: () => undefined,
});

describe("the metrics endpoint", () => {
  it("shows what can be read, says what fails, and counts nothing twice", async () => {
    const sources = [
      sourceOf(0, () => ({ energyJ: 5 })),
      sourceOf(1, () => undefined),
      sourceOf(2, () => ({ powerW: 70 })),
      sourceOf(3, () => {
        throw new Error("the driver is gone");
      }),
    ];
    const { url } = await started({ sources, more: () => runFamilies([storedRun(1)]) });
    const samples = parseExposition(await (await fetch(url)).text());
    const values = (name: string) =>
      samples.filter((sample) => sample.name === name).map(({ labels, value }) => [labels.source, value]);
    expect(values("joulecast_source_up").map(([, up]) => up)).toEqual([1, 0, 1, 0]);
    expect(values("joulecast_source_failed_reads_total").map(([, failed]) => failed)).toEqual([0, 1, 0, 1]);
    expect(values("joulecast_power_watts")).toEqual([['nvml/it\'s a "GPU"', 70]]);
    const live = samples.filter(({ name }) => name === "joulecast_energy_joules_total");
    expect(live.map(({ labels }) => labels.counted)).toEqual(["true", "false", "true", "true"]);
    expect(samples.some(({ name }) => name === "joulecast_run_net_joules")).toBe(true);
  });

  it("answers 503 while the store cannot be read, and goes on", async () => {
    let broken = true;
    const more = () => {
      if (broken) throw new InputError("cannot-read", "the disk is away");
      return [];
    };
    const { url } = await started({ sources: [], more });
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([503, "the disk is away\n"]);
    broken = false;
    expect((await fetch(url)).status).toBe(200);
  });

  it("does not answer a page that reached it by another name", async () => {
    const { port } = await started({ sources: [] });
    const status = await new Promise((done) =>
      request({ port, host: "127.0.0.1", path: "/metrics", headers: { host: "evil.example" } }, (response) => {
        response.resume();
        done(response.statusCode);
      }).end(),
    );
    expect(status).toBe(403);
  });

  it("says that a port is taken", async () => {
    const { port } = await started({ sources: [] });
    await expect(startMetricsServer({ sources: [], port })).rejects.toMatchObject({ code: "port-in-use" });
  });
});

describe("runs in Prometheus text", () => {
  it("never have two samples of the same labels, also where a window was opened many times", () => {
    const windows = ["run", "step", "step", "step"];
    const run = storedRun(1, { measurements: windows.map((window) => ({ ...MEASUREMENT, window })) });
    const net = parseExposition(runsToPrometheus([run])).filter(({ name }) => name === "joulecast_run_net_joules");
    expect(net.map(({ labels }) => labels.window)).toEqual(["run", "step", "step #2", "step #3"]);
  });
});
