// NVIDIA GPUs by the program nvidia-smi, for machines where its library cannot be loaded into Node. Power only, and coarser than
// NVML: the program is kept running (`--loop-ms`), since starting it at every read would cost tens of milliseconds each.
import type { Found, MachineAccess, Meter } from "../../../measure/power-source.ts";
import { NO_STREAM, programFeed } from "../program-feed.ts";
import { nvidiaGauge, nvidiaHardware } from "./boards.ts";

const LOOP_MS = 200;
/** Fields, best first: older drivers refuse the whole query for a field they do not know. */
const QUERIES = [
  { asked: "instant", fields: ["index", "uuid", "name", "power.limit", "power.draw.instant"] },
  { asked: "usage", fields: ["index", "uuid", "name", "power.limit", "power.draw"] },
] as const;

/** One line of the query above. */
export interface SmiLine {
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  readonly limitW: number | undefined;
  readonly powerW: number | undefined;
}

/** A number of nvidia-smi; undefined for "[N/A]", "[Not Supported]", "ERR!", "[GPU is lost]" and anything else. */
export function smiNumber(text: string): number | undefined {
  return /^\d+(\.\d+)?( W)?$/.test(text) ? Number.parseFloat(text) : undefined;
}

/** One CSV line without header and units; undefined when it is not one. */
export function parseSmiLine(line: string): SmiLine | undefined {
  const [index, uuid, name, limit, power, ...rest] = line.split(",").map((cell) => cell.trim());
  if (index === undefined || !/^\d+$/.test(index) || uuid === undefined || !/^(GPU|MIG)-/.test(uuid)) return undefined;
  if (name === undefined || limit === undefined || power === undefined || rest.length > 0) return undefined;
  return { index: Number(index), uuid, name, limitW: smiNumber(limit), powerW: smiNumber(power) };
}

const queryArgs = (fields: readonly string[]) => [`--query-gpu=${fields.join(",")}`, "--format=csv,noheader,nounits"];

/** NVIDIA GPUs through nvidia-smi. */
export const nvidiaSmi: Meter = {
  id: "nvidia-smi",
  find(machine) {
    let refusal = "";
    for (const query of QUERIES) {
      const answer = machine.run("nvidia-smi", queryArgs(query.fields));
      if ("stdout" in answer) return findGpus(machine, query, answer.stdout);
      if (answer.errno === "ENOENT") return missingProgram(machine);
      refusal = `nvidia-smi: ${[answer.errno, answer.stderr.trim()].filter((part) => part !== "").join(": ")}`;
    }
    return [
      {
        unusable: { id: "nvidia-smi", domain: "gpu", reason: refusal, fix: "mend the driver until `nvidia-smi` works" },
      },
    ];
  },
};

function missingProgram(machine: MachineAccess): readonly Found[] {
  const hardware = nvidiaHardware(machine);
  if (hardware === undefined) return [];
  const reason = `${hardware}, but there is no program nvidia-smi on the PATH`;
  return [{ unusable: { id: "nvidia-smi", domain: "gpu", reason, fix: "install NVIDIA's driver with its utilities" } }];
}

function findGpus(machine: MachineAccess, query: (typeof QUERIES)[number], stdout: string): readonly Found[] {
  const gpus = stdout.split("\n").flatMap((line) => parseSmiLine(line) ?? []);
  const feed = programFeed(machine, {
    program: "nvidia-smi",
    args: [...queryArgs(query.fields), `--loop-ms=${LOOP_MS}`],
    staleS: (5 * LOOP_MS) / 1000,
    parse(line, publish) {
      const gpu = parseSmiLine(line);
      if (gpu !== undefined) publish(gpu.uuid, gpu.powerW);
    },
  });
  return gpus.map((gpu): Found => {
    const id = `nvidia-smi/${gpu.uuid}/power`;
    const refuse = (reason: string): Found => ({ unusable: { id, domain: "gpu", reason, fix: "" } });
    if (gpu.powerW === undefined) return refuse(`nvidia-smi gives no power for GPU ${gpu.index} (${gpu.name})`);
    if (feed === undefined) return refuse(`nvidia-smi: ${NO_STREAM}`);
    const how = nvidiaGauge(gpu.name, query.asked);
    return {
      source: feed.powerSource(
        {
          id,
          name: `GPU ${gpu.index} (${gpu.name})`,
          domain: "gpu",
          kind: "integrated",
          reads: "power",
          toleranceRatio: 0.05,
          resolution: 0.01,
          ...how.known,
          updatePeriodS: Math.max(LOOP_MS / 1000, how.known.updatePeriodS ?? 0),
          ...(gpu.limitW === undefined ? {} : { maxPowerW: gpu.limitW }),
          provenance: `nvidia-smi ${query.fields.at(-1)} every ${LOOP_MS} ms, in place of NVML. ${how.remark} Covers the whole board (with MIG, all its instances), not the rest of the machine.`,
        },
        gpu.uuid,
      ),
    };
  });
}
