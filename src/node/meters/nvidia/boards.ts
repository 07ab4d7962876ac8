// What is known of NVIDIA's power gauges by kind of board, and whether such a board is plugged in at all.
// Only published facts: [Yang2024] for A100 and H100, [NVML] for the averaging of the two ways to ask.
import type { MachineAccess, SourceInfo } from "../../../measure/power-source.ts";

/** Boards with the chips GA100 and GH100, by the words of their names: the sensor looks 25 ms of every 100 ms. */
const PART_TIME = /\b(A100X?|A800|A30X?|H100|H200|H800|H20|GH200)\b/;

/** What a gauge's numbers mean, to be merged in its SourceInfo, and one sentence for its provenance. */
export interface GaugeKnowledge {
  readonly known: Pick<SourceInfo, "updatePeriodS" | "dutyRatio">;
  readonly remark: string;
}

/**
 * What is known of a board's gauge.
 * @param name as NVML and nvidia-smi say it: "NVIDIA A100-SXM4-40GB"
 * @param asked "instant": the sensor's last value; "usage": the older call, a 1-s average on many boards
 */
export function nvidiaGauge(name: string, asked: "instant" | "usage"): GaugeKnowledge {
  if (PART_TIME.test(name)) {
    return {
      known: { updatePeriodS: 0.1, dutyRatio: 0.25 },
      remark: "On A100 and H100 (and, by their chip, their kin) the gauge looks 25 % of the time [Yang2024].",
    };
  }
  return {
    known: {},
    remark:
      asked === "instant"
        ? "The sensor's last value; what share of the time it looks differs between boards [Yang2024]."
        : "On Ampere and later (except GA100) an average over the last second [NVML].",
  };
}

/** What says that an NVIDIA GPU is in this machine, or undefined. Only Linux can tell without the driver. */
export function nvidiaHardware(machine: MachineAccess): string | undefined {
  if (machine.platform !== "linux") return undefined;
  const [known] = machine.list("/proc/driver/nvidia/gpus");
  if (known !== undefined) return `the kernel driver knows an NVIDIA GPU at ${known}`;
  const pci = "/sys/bus/pci/devices";
  const slot = machine.list(pci).find((name) => {
    const vendor = machine.readText(`${pci}/${name}/vendor`);
    const deviceClass = machine.readText(`${pci}/${name}/class`);
    // 0x10de is NVIDIA; class 0x03 is a display controller (0x0302: without a display, as in servers)
    return (
      "text" in vendor && vendor.text.trim() === "0x10de" && "text" in deviceClass && /^0x03/.test(deviceClass.text)
    );
  });
  return slot === undefined ? undefined : `an NVIDIA GPU is at PCI ${slot}`;
}
