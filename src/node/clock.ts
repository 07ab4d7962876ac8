// The monotonic clock that all processes of one measurement share. Not the wall clock: that one jumps.
// Node's high-resolution time is CLOCK_MONOTONIC, mach_continuous_time or QueryPerformanceCounter: one origin for the whole machine,
// so that a mark set in one process fits the readings of another.

/** Seconds since some start of the machine's, the same for every process. */
export function monotonicS(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}
