// A recorded trace as power sources: what was read then is read again, on the clock that is handed in. For tests, demonstrations,
// and to compute a run anew. The sources say in id and provenance that they are replayed. Idea: Zeus' ReplayZeusMonitor.
import { readFileSync } from "node:fs";
import type { Meter, Origin, PowerSource, SourceInfo } from "../../measure/power-source.ts";
import { decodeRecording } from "../../measure/recording-json.ts";
import type { Recording, Trace } from "../../measure/trace.ts";
import { explainRefusal } from "../files.ts";

/**
 * Reads a recording that `measure --record` wrote.
 * @throws InputError when the file cannot be read or is no recording
 */
export function readRecording(path: string): Recording {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
  return decodeRecording(text, path);
}

/** A recording whose sources say that they are replayed. @param shown where it comes from: "trace.json" */
export function replayedRecording(recording: Recording, shown: string): Recording {
  const origin: Origin = { kind: "replay", where: shown };
  return { ...recording, traces: recording.traces.map((trace) => ({ ...trace, info: { ...trace.info, origin } })) };
}

/**
 * The sources of a recording. Its beginning is the moment of `find`. A read gives the newest value recorded up to now;
 * before the first, after the last, and where no sample was taken for more than three usual periods it is missing, as is a read
 * that had failed.
 * @param shown where it comes from, for ids and provenance: "trace.json"
 */
export function replayMeter(recording: Recording, shown: string): Meter {
  return {
    id: "replay",
    find(machine) {
      const startS = machine.nowS();
      const elapsedS = () => machine.nowS() - startS;
      return replayedRecording(recording, shown).traces.map((trace) => ({
        source: replaySource(trace, shown, elapsedS),
      }));
    },
  };
}

const replayId = (id: string) => `replay/${id}`;

function replaySource(trace: Trace, shown: string, elapsedS: () => number): PowerSource {
  const { info, timeS, values } = trace;
  const replayed: SourceInfo = {
    ...info,
    id: replayId(info.id),
    ...(info.partOf === undefined ? {} : { partOf: replayId(info.partOf) }),
    provenance: `Replay of ${shown}, read then by: ${info.provenance}`,
  };
  const endS = timeS.at(-1) ?? Number.NEGATIVE_INFINITY;
  const oldestS = 3 * usualPeriodS(timeS);
  let open = true;
  return {
    info: replayed,
    read() {
      const nowS = elapsedS();
      const at = lastAtOrBefore(timeS, nowS);
      const value = values[at];
      if (!open || nowS > endS || value === undefined || Number.isNaN(value)) return undefined;
      if (nowS - (timeS[at] as number) > oldestS) return undefined;
      return info.reads === "energy" ? { energyJ: value } : { powerW: value };
    },
    close() {
      open = false;
    },
  };
}

/** Median time between two samples, s; unlimited where there are less than two. */
function usualPeriodS(times: Float64Array): number {
  const periods = Array.from(times.subarray(1), (time, i) => time - (times[i] as number)).sort((a, b) => a - b);
  return periods[periods.length >> 1] ?? Number.POSITIVE_INFINITY;
}

/** Index of the last time ≤ t in a rising column; −1 when all are later. */
function lastAtOrBefore(times: Float64Array, t: number): number {
  let low = -1;
  let high = times.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) <= t) low = middle;
    else high = middle;
  }
  return low;
}
