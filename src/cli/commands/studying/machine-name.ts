// What this machine is called in a study's results: what the user says, else its processor and its accelerators.
import { cpus } from "node:os";
import type { OptionValues } from "../../command.ts";
import { textOption } from "../../options.ts";
import { accessHere } from "../measuring/machine-options.ts";

export async function machineName(options: OptionValues): Promise<string> {
  const given = textOption(options, "--machine");
  if (given !== undefined) return given;
  const file = accessHere().readText("/proc/cpuinfo");
  const told = "text" in file ? /^model name\s*:\s*(.+)$/m.exec(file.text)?.[1] : undefined;
  const all = cpus();
  return `${told?.trim() || all[0]?.model.trim() || "unknown processor"}, ${all.length} cores`;
}
