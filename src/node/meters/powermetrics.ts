// Apple's powermetrics: power of CPU, GPU and neural engine of a Mac, as its firmware estimates it. Needs root; we never ask for a
// password, only for a sudo that is already allowed. Written from its manual and published output; not run on a Mac by us.
import type { Domain, Found, MachineAccess, Meter, SourceInfo } from "../../measure/power-source.ts";
import { NO_STREAM, programFeed } from "./program-feed.ts";

const PERIOD_MS = 200;
const SAMPLERS = ["--samplers", "cpu_power,gpu_power", "-f", "text"];

interface Line {
  readonly key: string;
  readonly pattern: RegExp;
  readonly name: string;
  readonly domain: Domain;
}

/** Lines of the text output that hold power. The totals come first: the others are part of the first total there is. */
const TOTALS: readonly Line[] = [
  {
    key: "combined",
    pattern: /^Combined Power \(CPU \+ GPU \+ ANE\)/,
    name: "Apple chip (CPU, GPU, neural engine)",
    domain: "soc",
  },
  { key: "package", pattern: /^Package Power/, name: "Apple chip (package)", domain: "soc" },
  { key: "intel", pattern: /^Intel energy model derived package power/, name: "CPU package", domain: "package" },
];
const PARTS: readonly Line[] = [
  { key: "cpu", pattern: /^CPU Power/, name: "CPU cores", domain: "cpu" },
  { key: "gpu", pattern: /^GPU Power/, name: "GPU", domain: "gpu" },
  { key: "ane", pattern: /^ANE Power/, name: "neural engine", domain: "other" },
];
const LINES = [...TOTALS, ...PARTS];

/** One line as key and W; undefined when it holds no power we know. */
export function parsePowermetricsLine(line: string): { readonly key: string; readonly powerW: number } | undefined {
  const known = LINES.find(({ pattern }) => pattern.test(line));
  const number = /:\s*(\d+(?:\.\d+)?)\s*(m?)W\s*$/.exec(line);
  if (known === undefined || number === null) return undefined;
  return { key: known.key, powerW: Number(number[1]) / (number[2] === "m" ? 1000 : 1) };
}

/** Ways to start it, as a program and its first arguments. */
const STARTS: readonly (readonly [string, ...string[]])[] = [["powermetrics"], ["sudo", "-n", "powermetrics"]];

/** Power of a Mac by powermetrics. */
export const powermetrics: Meter = {
  id: "powermetrics",
  find(machine) {
    if (machine.platform !== "darwin") return [];
    const refusals: string[] = [];
    for (const start of STARTS) {
      const [program, ...before] = start;
      const answer = machine.run(program, [...before, ...SAMPLERS, "-i", "100", "-n", "1"]);
      if ("stdout" in answer) return findRails(machine, program, before, answer.stdout);
      refusals.push(`${start.join(" ")}: ${answer.stderr.trim() || answer.errno}`);
    }
    return [refuse(refusals.join("; "), FIX)];
  },
};

const FIX =
  "run `sudo -v` just before, or allow it for good: " +
  `echo "$USER ALL=(root) NOPASSWD: /usr/bin/powermetrics" | sudo tee /etc/sudoers.d/joulecast`;

function refuse(reason: string, fix: string): Found {
  return { unusable: { id: "powermetrics", domain: "soc", reason, fix } };
}

function findRails(machine: MachineAccess, program: string, before: string[], sample: string): readonly Found[] {
  const seen = new Set(sample.split("\n").flatMap((line) => parsePowermetricsLine(line)?.key ?? []));
  if (seen.size === 0) return [refuse("powermetrics ran but printed no power: a virtual machine has none", "")];
  const feed = programFeed(machine, {
    program,
    args: [...before, ...SAMPLERS, "-i", String(PERIOD_MS), "-b", "1"],
    staleS: (10 * PERIOD_MS) / 1000,
    parse(line, publish) {
      const power = parsePowermetricsLine(line);
      if (power !== undefined) publish(power.key, power.powerW);
    },
  });
  if (feed === undefined) return [refuse(NO_STREAM, "")];
  const total = TOTALS.find(({ key }) => seen.has(key));
  return LINES.filter(({ key }) => seen.has(key)).map(({ key, name, domain }) => {
    const info: SourceInfo = {
      id: `powermetrics/${key}`,
      name,
      domain,
      kind: "integrated",
      reads: "power",
      updatePeriodS: PERIOD_MS / 1000,
      resolution: 0.001,
      ...(total === undefined || total.key === key ? {} : { partOf: `powermetrics/${total.key}` }),
      provenance:
        `powermetrics, mean power over ${PERIOD_MS} ms: an estimate of Apple's firmware, which its manual says may be inaccurate ` +
        "and not to be compared between devices [powermetrics]. Without display, memory outside the chip, disk and supply.",
    };
    return { source: feed.powerSource(info, key) };
  });
}
