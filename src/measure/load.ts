// How busy the machine was in some windows: mean and peak of each load column. Load is sampled once a second, so that short windows
// may hold no sample: then it is not known.
import type { Recording, Window } from "./trace.ts";

/** Load of one part of the machine. */
export interface LoadShare {
  /** "cpu/0", "memory", "gpu/0", "vram/0"; "cpu" is the mean of the cores. */
  readonly name: string;
  /** In [0, 1]. */
  readonly meanRatio: number;
  readonly peakRatio: number;
  readonly samples: number;
}

function shareOf(name: string, values: readonly number[]): LoadShare[] {
  if (values.length === 0) return [];
  const meanRatio = values.reduce((total, value) => total + value, 0) / values.length;
  return [{ name, meanRatio, peakRatio: Math.max(...values), samples: values.length }];
}

/** Load in the windows, all together. Columns without a sample in them are left out. */
export function loadIn(recording: Recording, windows: readonly Window[]): readonly LoadShare[] {
  const shares = recording.load.flatMap(({ name, timeS, ratio }) => {
    const values = [...ratio].filter(
      (value, i) => !Number.isNaN(value) && windows.some(({ fromS, toS }) => timeS[i]! > fromS && timeS[i]! <= toS),
    );
    return shareOf(name, values);
  });
  const cores = shares.filter(({ name }) => /^cpu\/\d+$/.test(name));
  if (cores.length < 2) return shares;
  const all: LoadShare = {
    name: "cpu",
    meanRatio: cores.reduce((total, core) => total + core.meanRatio, 0) / cores.length,
    peakRatio: Math.max(...cores.map(({ peakRatio }) => peakRatio)),
    samples: Math.min(...cores.map(({ samples }) => samples)),
  };
  return [all, ...shares];
}

/** Mean load of the processor in a window, in [0, 1]; undefined where none was read. */
export function processorLoad(recording: Recording, window: Window): number | undefined {
  const shares = loadIn(recording, [window]);
  return (shares.find(({ name }) => name === "cpu") ?? shares.find(({ name }) => name === "cpu/0"))?.meanRatio;
}
