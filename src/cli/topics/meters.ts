// `joulecast help meters`.
import type { Topic } from "./topic.ts";

export const meters: Topic = {
  title: "Where measured joules come from",
  text: `\`joulecast doctor\` lists every power source of this machine: usable, or why not
and what mends it. In the order in which they are preferred:

  rapl        CPU package, core and DRAM counters (Linux powercap or perf)
  nvidia      NVIDIA GPUs by NVML, or by nvidia-smi
  hwmon       sensors of AMD and Intel GPUs, boards and supplies (Linux)
  amd-smi     AMD GPUs where their sensor files cannot be read
  jetson      the power rails of NVIDIA Jetson modules
  powermetrics, emi   macOS and Windows; written, not tried by us
  battery     the whole laptop, only while it discharges
  wall meter  a CSV of a plug: --wall-meter FILE; never added to the others
  models      CPU load × design power, memory modules: fill gaps only

Every number says its kind. "measured": an energy counter. "integrated": power
readings summed over time. "modelled": computed, nothing was read. "mixed": some
of each. --no-models refuses modelled joules.

Sources inside another source are shown, not added. A read that failed is
missing, never 0; "coverage" is the share of the time that was seen.`,
};
