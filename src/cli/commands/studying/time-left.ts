// How long a study will still take, as its progress line says it: the trials that are left, each as long as those done were on average.
import { mean } from "../../../math/statistics.ts";
import { formatDuration } from "../../../units/format.ts";

/**
 * ", about 12.0 min left"; nothing before the first trial is done.
 * @param timesS durations of trials that are done
 * @param left trials that are not
 * @param atOnce trials that are done at the same time. Default 1
 */
export function timeLeftText(timesS: readonly number[], left: number, atOnce = 1): string {
  if (timesS.length === 0 || left === 0) return "";
  return `, about ${formatDuration((mean(timesS) * left) / Math.max(1, atOnce))} left`;
}
