// What a pass waits for, by the roofline [Williams2009]: a layer whose arithmetic intensity (FLOPs per byte) is below the balance of the
// device (peak FLOPs/s over bytes/s) waits for memory, and fewer MACs do not make it faster; fewer bytes do.
// And where the clock says many times what the roofline allows, neither binds: calls, waiting and small loops do.
import { hasTime, rooflineTime } from "../../estimate/pass-time.ts";
import type { Hardware } from "../../hardware/hardware.ts";
import { formatDuration, formatNumber, formatRatio } from "../../units/format.ts";
import type { WorkReport } from "../../work/work.ts";

export interface Bottleneck {
  readonly binds: "compute" | "memory" | "overhead";
  /** Share of the roofline's time in layers that wait for memory, in [0, 1]. */
  readonly memoryRatio: number;
  /** FLOPs per byte of the whole network. */
  readonly intensity: number;
  /** One clause. */
  readonly why: string;
}

/** Times the roofline from which the time is neither arithmetic nor memory. */
const OVERHEAD = 20;

/** @param seconds clock time of one pass of `work`; undefined where it was not run */
export function bottleneckOf(work: WorkReport, device: Hardware, seconds?: number): Bottleneck | undefined {
  const time = rooflineTime(work, device, {});
  if (!hasTime(time) || time.durationS.value === 0) return undefined;
  const memoryS = time.layers.reduce(
    (sum, { bound, durationS }) => (bound === "memory" ? sum + durationS.value : sum),
    0,
  );
  const memoryRatio = memoryS / time.durationS.value;
  const intensity = work.total.flops / (work.total.readBytes + work.total.writtenBytes);
  if (seconds !== undefined && seconds > OVERHEAD * time.durationS.value)
    return {
      binds: "overhead",
      memoryRatio,
      intensity,
      why: `a pass takes ${formatDuration(seconds)} where arithmetic and memory need ${formatDuration(time.durationS.value)}: calls and waiting take the time`,
    };
  const binds = memoryRatio > 0.5 ? "memory" : "compute";
  return {
    binds,
    memoryRatio,
    intensity,
    why: `${formatRatio(memoryRatio)} of the roofline's time waits for memory (${formatNumber(intensity)} FLOPs per byte)`,
  };
}
