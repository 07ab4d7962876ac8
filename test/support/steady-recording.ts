// A machine of constant power as a recording to replay: its true joules are power × time. Written to a file for the sampler's process.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SourceInfo } from "../../src/measure/power-source.ts";
import { encodeRecording } from "../../src/measure/recording-json.ts";

const STEP_S = 0.002;

function counterInfo(index: number): SourceInfo {
  return {
    id: `steady/package-${index}`,
    name: `package ${index}`,
    domain: "package",
    kind: "measured",
    reads: "energy",
    updatePeriodS: STEP_S,
    provenance: "made up",
  };
}

/**
 * Writes the recording.
 * @param powersW one counter each
 * @param lengthS after this the replay has no more readings
 * @returns path of the file
 */
export function writeSteadyRecording(folder: string, powersW: readonly number[], lengthS = 60): string {
  const timeS = Float64Array.from({ length: Math.round(lengthS / STEP_S) }, (_, i) => i * STEP_S);
  const traces = powersW.map((powerW, i) => ({ info: counterInfo(i), timeS, values: timeS.map((t) => t * powerW) }));
  const path = join(folder, "steady.json");
  writeFileSync(path, encodeRecording({ traces, marks: [], load: [] }));
  return path;
}
