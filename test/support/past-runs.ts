// A made-up history of training runs with a known law: power saturates in the network's FLOPs between a floor and the board's limit,
// an epoch costs an overhead and the work. Nothing of it is measured.
import { seededRandom } from "../../src/math/random.ts";
import type { PastRun } from "../../src/predict/pre/run.ts";

export const NETWORKS: Readonly<Record<string, { readonly gflops: number; readonly f1: number }>> = {
  tiny: { gflops: 0.1, f1: 0.9 },
  small: { gflops: 0.5, f1: 0.95 },
  medium: { gflops: 2, f1: 0.965 },
  large: { gflops: 6, f1: 0.972 },
  huge: { gflops: 15, f1: 0.975 },
};
export const MACHINES: Readonly<Record<string, { readonly gpuTdpW: number; readonly rate: number }>> = {
  office: { gpuTdpW: 120, rate: 2e3 },
  desk: { gpuTdpW: 220, rate: 6e3 },
  server: { gpuTdpW: 350, rate: 14e3 },
};

/** Mean power of the law, W. */
export function lawPowerW(gflops: number, gpuTdpW: number): number {
  return gpuTdpW * (0.4 + (0.55 * gflops) / (gflops + 1.5));
}

/** Seconds per epoch of 10,000 samples. */
export function lawEpochS(gflops: number, rate: number): number {
  return 10_000 * (0.001 + (3 * gflops) / rate);
}

/** Runs of every network on every machine, 3 % of noise on the power. @param repeats of each pair */
export function pastRuns(repeats = 4, seed = 1): readonly PastRun[] {
  const random = seededRandom(seed);
  const pairs = Object.entries(NETWORKS).flatMap(([architecture, network]) =>
    Object.entries(MACHINES).map(([environment, machine]) => ({ architecture, network, environment, machine })),
  );
  return pairs.flatMap(({ architecture, network, environment, machine }, pair) =>
    Array.from({ length: repeats }, (_, i): PastRun => {
      const epochs = 20 + random.below(30);
      const powerW = lawPowerW(network.gflops, machine.gpuTdpW) * (1 + 0.03 * random.normal());
      const durationS = epochs * lawEpochS(network.gflops, machine.rate);
      return {
        row: 2 + pair * repeats + i,
        architecture,
        environment,
        features: { gflops: network.gflops, gpuTdpW: machine.gpuTdpW, batch: 32, trainSize: 10_000 },
        energyJ: powerW * durationS,
        powerW,
        durationS,
        epochs,
        quality: { f1: network.f1 + 0.001 * random.normal() },
      };
    }),
  );
}

/** The runs as a file with headings of its own; energies in kWh. */
export function historyCsv(runs: readonly PastRun[]): string {
  const lines = runs.map(({ architecture, environment, features, energyJ, durationS, epochs, quality }) =>
    [
      architecture,
      environment,
      features.gflops,
      features.gpuTdpW,
      features.batch,
      features.trainSize,
      energyJ / 3.6e6,
      durationS! / 3600,
      epochs,
      quality.f1,
    ].join(","),
  );
  return ["net,site,work,limit_w,bs,samples,energy_kwh,hours,epochs,f1", ...lines].join("\n");
}
export const MAP =
  "architecture=net,environment=site,gflops=work,gpu-tdp=limit_w,batch=bs,train-size=samples,energy=energy_kwh:kWh,duration=hours:h";
