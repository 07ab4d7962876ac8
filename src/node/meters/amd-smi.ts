// AMD GPUs by the program amd-smi, or the older rocm-smi, for machines where amdgpu's hwmon files are not to be read (containers).
// Both are Python programs that take about a second: a small shell loop keeps asking, and the sampler reads the newest answer.
import type { Found, MachineAccess, Meter } from "../../measure/power-source.ts";
import { NO_STREAM, programFeed } from "./program-feed.ts";

const STALE_S = 10;

/** Power of one GPU as a program told it. */
export interface AmdPower {
  /** "gpu-0" with amd-smi, "card0" with rocm-smi. */
  readonly key: string;
  readonly powerW: number | undefined;
}

interface Way {
  readonly program: string;
  readonly args: readonly string[];
  readonly parse: (document: unknown) => readonly AmdPower[];
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A number as these programs write it: 142, "142.0", { value: 142, unit: "W" } or "N/A". */
function wattsOf(value: unknown): number | undefined {
  if (isRecord(value)) {
    const scale = value.unit === "mW" ? 1e-3 : value.unit === "uW" ? 1e-6 : 1;
    const plain = wattsOf(value.value);
    return plain === undefined ? undefined : plain * scale;
  }
  const number = typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) && number >= 0 ? number : undefined;
}

const firstWatts = (record: Readonly<Record<string, unknown>>, names: readonly string[]) =>
  names.map((name) => wattsOf(record[name])).find((value) => value !== undefined);

/** `amd-smi metric --power --json`: a list of GPUs, in newer versions under "gpu_data". */
export function parseAmdSmi(document: unknown): readonly AmdPower[] {
  const list = isRecord(document) ? document.gpu_data : document;
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    if (!isRecord(entry) || typeof entry.gpu !== "number") return [];
    const power = isRecord(entry.power) ? entry.power : {};
    const names = ["socket_power", "current_socket_power", "average_socket_power"];
    return [{ key: `gpu-${entry.gpu}`, powerW: firstWatts(power, names) }];
  });
}

/** `rocm-smi --showpower --json`: { card0: { "Average Graphics Package Power (W)": "35.0" } }. */
export function parseRocmSmi(document: unknown): readonly AmdPower[] {
  if (!isRecord(document)) return [];
  const names = ["Current Socket Graphics Package Power (W)", "Average Graphics Package Power (W)"];
  return Object.entries(document).flatMap(([key, card]) =>
    /^card\d+$/.test(key) && isRecord(card) ? [{ key, powerW: firstWatts(card, names) }] : [],
  );
}

const WAYS: readonly Way[] = [
  { program: "amd-smi", args: ["metric", "--power", "--json"], parse: parseAmdSmi },
  { program: "rocm-smi", args: ["--showpower", "--json"], parse: parseRocmSmi },
];

/** The JSON document in a program's output, past warnings before it; undefined when there is none. */
export function jsonIn(output: string): unknown {
  const start = output.search(/^\s*[[{]/m);
  if (start < 0) return undefined;
  try {
    return JSON.parse(output.slice(start));
  } catch {
    return undefined;
  }
}

/** Collects lines to whole JSON documents: one ends where its brackets balance. Strings of these programs hold no brackets. */
export function documentCollector(take: (document: unknown) => void): (line: string) => void {
  let text = "";
  let depth = 0;
  return (line) => {
    const opens = line.match(/[[{]/g)?.length ?? 0;
    const closes = line.match(/[\]}]/g)?.length ?? 0;
    if (depth === 0 && !/^\s*[[{]/.test(line)) return; // a warning between two documents
    text += `${line}\n`;
    depth += opens - closes;
    if (depth > 0) return;
    const whole = text;
    text = "";
    depth = 0;
    const document = jsonIn(whole);
    if (document !== undefined) take(document);
  };
}

/** AMD GPUs through amd-smi or rocm-smi. */
export const amdSmi: Meter = {
  id: "amd-smi",
  find(machine) {
    const reasons: Found[] = [];
    for (const way of WAYS) {
      const answer = machine.run(way.program, way.args);
      if ("errno" in answer) {
        if (answer.errno !== "ENOENT") reasons.push(refuse(way, `${answer.errno} ${answer.stderr.trim()}`.trim()));
        continue;
      }
      const cards = way.parse(jsonIn(answer.stdout));
      if (cards.some((card) => card.powerW !== undefined)) return [...reasons, ...findCards(machine, way, cards)];
      reasons.push(refuse(way, "its output names no GPU with power"));
    }
    return reasons;
  },
};

function refuse(way: Way, why: string): Found {
  const fix = "see whether the program works by hand: your user must be in the groups render and video";
  return { unusable: { id: way.program, domain: "gpu", reason: `${way.program}: ${why}`, fix } };
}

function findCards(machine: MachineAccess, way: Way, cards: readonly AmdPower[]): readonly Found[] {
  const feed = programFeed(machine, {
    program: "sh",
    args: ["-c", 'while "$0" "$@"; do sleep 1; done', way.program, ...way.args],
    staleS: STALE_S,
    parse: collectPower(way),
  });
  if (feed === undefined) return [refuse(way, NO_STREAM)];
  return cards.map(({ key, powerW }): Found => {
    if (powerW === undefined) return refuse(way, `no power for ${key}`);
    return {
      source: feed.powerSource(
        {
          id: `${way.program}/${key}/power`,
          name: `GPU ${key.replace(/\D+/, "")} (AMD)`,
          domain: "gpu",
          kind: "integrated",
          reads: "power",
          resolution: 1,
          provenance: `${way.program} ${way.args.join(" ")}, asked again and again [AMD-SMI]: at best once a second, so short peaks are not seen. Socket power, without the rest of the machine.`,
        },
        key,
      ),
    };
  });
}

/** Lines → documents → published watts. The collector is made once, for the feed's first line. */
function collectPower(way: Way) {
  let collect: ((line: string) => void) | undefined;
  return (line: string, publish: (key: string, powerW: number | undefined) => void) => {
    collect ??= documentCollector((document) => {
      for (const { key, powerW } of way.parse(document)) publish(key, powerW);
    });
    collect(line);
  };
}
