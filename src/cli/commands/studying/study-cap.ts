// `joulecast study cap SWEEPS.csv`: the power cap that saves most for a given slow-down, from sweeps of this and other work.
import { mean } from "../../../math/statistics.ts";
import { type CapScore, capDocument } from "../../../report/studying/cap-report.ts";
import { adviseCap, type CapPoint, type CapSweep, leaveSweepsOut } from "../../../study/power-cap.ts";
import { type GroupedSweep, readSweeps } from "../../../study/read-sweeps.ts";
import { InputError } from "../../../units/input-error.ts";
import { unknownName } from "../../../units/nearest.ts";
import { parseQuantity } from "../../../units/parse.ts";
import type { Command, OptionValues } from "../../command.ts";
import { listOption, quantityOption, textOption } from "../../options.ts";
import { readText } from "../predicting/sample-files.ts";

/** Settings over the highest that the score supposes to be measured. */
const PROBES: readonly (readonly number[])[] = [[], [0.4], [0.6, 0.4]];

/** "250W:12.5s:231W" → a setting. */
function knownPoint(text: string): CapPoint {
  const [cap = "", time = "", power = ""] = text.split(":");
  if (time === "" || power === "")
    throw new InputError(
      "bad-known",
      `--known "${text}" is not cap:time:power`,
      "write --known 250W:12.5s:231W,100W:18s:99W",
    );
  return {
    capW: parseQuantity(cap, "W", "--known"),
    durationS: parseQuantity(time, "s", "--known"),
    powerW: parseQuantity(power, "W", "--known"),
  };
}

function asked(options: OptionValues, sweeps: readonly GroupedSweep[]): readonly CapSweep[] {
  const known = listOption(options, "--known");
  if (known !== undefined)
    return [{ name: textOption(options, "--for") ?? "this work", points: known.map(knownPoint) }];
  const name = textOption(options, "--for");
  if (name === undefined) return sweeps;
  const found = sweeps.find((sweep) => sweep.name === name);
  if (found !== undefined) return [found];
  throw unknownName(
    "sweep",
    name,
    sweeps.map((sweep) => sweep.name),
    `there are ${sweeps
      .slice(0, 8)
      .map((one) => one.name)
      .join("; ")}`,
  );
}

function scoreOf(
  sweeps: readonly GroupedSweep[],
  probes: readonly number[],
  longestRatio: number | undefined,
): CapScore {
  const groupOf = (sweep: CapSweep) => (sweep as GroupedSweep).group;
  const trials = leaveSweepsOut(sweeps, groupOf, probes, longestRatio);
  const regrets = trials.flatMap(({ regretRatio }) => (regretRatio === undefined ? [] : [regretRatio]));
  const within = trials.filter(({ isTooSlow }) => !isTooSlow);
  return {
    probes,
    sweeps: trials.length,
    meanRegretRatio: regrets.length === 0 ? null : mean(regrets),
    worstRegretRatio: regrets.length === 0 ? null : Math.max(...regrets),
    meanSavedRatio: within.length === 0 ? null : mean(within.map(({ savedRatio }) => savedRatio)),
    tooSlow: trials.length - within.length,
    tooSlowRatio: 1 - within.length / trials.length,
  };
}

/** --caps. @throws InputError "out-of-range", and "needs-option" where every sweep has the caps that it was measured at */
function givenCaps(options: OptionValues): readonly number[] | undefined {
  const given = listOption(options, "--caps")?.map((text) => parseQuantity(text, "W", "--caps"));
  if (given !== undefined && listOption(options, "--known") === undefined)
    throw new InputError(
      "needs-option",
      "--caps needs --known: the sweeps of the file have the caps that they were measured at",
      "add --known 250W:12.5s:231W, or leave out --caps",
    );
  const odd = given?.find((capW) => capW <= 0);
  if (odd !== undefined)
    throw new InputError("out-of-range", `--caps: ${odd} W is out of range`, "give caps above 0, such as 100W,125W");
  return given;
}

/** Caps that may be advised: none above the highest known of the work, with which everything is compared. */
function capsFor({ name, points }: CapSweep, given: readonly number[] | undefined, fileCaps: readonly number[]) {
  const topW = Math.max(...points.map(({ capW }) => capW));
  const above = given?.find((capW) => capW > topW);
  if (above !== undefined)
    throw new InputError(
      "above-known",
      `--caps has ${above} W, but the highest cap known of ${name} is ${topW} W: nothing is told of higher ones`,
      `measure it at ${above} W and add that to --known, or leave ${above}W out`,
    );
  const caps = given ?? fileCaps;
  const highest = Math.max(...caps, topW);
  const remarks =
    highest > topW
      ? [
          `${name}: savings and slow-down are relative to ${topW} W, the highest cap known of it; nothing is told of ${highest} W`,
        ]
      : [];
  return { caps, remarks };
}

const commandFor = (capW: number): string => `sudo nvidia-smi --power-limit=${capW}`;

export const studyCap: Command = {
  name: "study cap",
  summary: "the power cap that saves most joules for a given slow-down",
  arguments: [
    {
      name: "sweeps",
      description: "CSV with power_limit, time_per_epoch, average_power and columns that name the work",
      required: true,
    },
  ],
  options: [
    { flags: "--max-slowdown <ratio>", description: "most that the work may take longer, such as 10% (default: any)" },
    { flags: "--for <name>", description: "advise only this sweep of the file (default: all)" },
    {
      flags: "--known <points>",
      description: "settings measured of other work, as cap:time:power, separated by commas",
    },
    {
      flags: "--caps <list>",
      description: "with --known: caps that the card takes, such as 100W,125W (default: the file's)",
    },
    { flags: "--group <column>", description: "work that is never judged by its like (default: network)" },
  ],
  examples: [
    "joulecast study cap sweeps.csv --max-slowdown 10%",
    "joulecast study cap sweeps.csv --known 250W:12.5s:231W,100W:18.2s:99W",
  ],
  run: async ([path = ""], options) => {
    const sweeps = readSweeps(readText(path), textOption(options, "--group"));
    const slower = quantityOption(options, "--max-slowdown", "ratio", 0);
    const longestRatio = slower === undefined ? undefined : 1 + slower;
    const fileCaps = [...new Set(sweeps.flatMap(({ points }) => points.map(({ capW }) => capW)))];
    const caps = givenCaps(options);
    const remarks: string[] = [];
    const advised = asked(options, sweeps).map((sweep) => {
      const others = sweeps.filter(({ name }) => name !== sweep.name);
      const isWhole = sweeps.includes(sweep as GroupedSweep);
      const found = isWhole ? undefined : capsFor(sweep, caps, fileCaps);
      remarks.push(...(found?.remarks ?? []));
      const limits = { ...(longestRatio !== undefined && { longestRatio }), ...(found && { caps: found.caps }) };
      return { name: sweep.name, advice: adviseCap(sweep, others, limits) };
    });
    const groups = new Set(sweeps.map(({ group }) => group)).size;
    const scores = groups < 2 ? [] : PROBES.map((probes) => scoreOf(sweeps, probes, longestRatio));
    const commands = [...new Set(advised.map(({ advice }) => commandFor(advice.best.capW)))];
    return {
      result: {
        advice: advised.map(({ name, advice }) => ({ name, ...advice, command: commandFor(advice.best.capW) })),
        score: scores,
        commands,
      },
      remarks,
      document: capDocument({
        advised,
        scores,
        longestRatio,
        commands: advised.length === 1 ? commands : ["sudo nvidia-smi --power-limit=WATTS"],
      }),
    };
  },
};
