// What `joulecast split` answers besides the cuts at one gain: power control, means over fading, estimates, several devices in one band,
// the trade-off of loss against joules. Each has its options, its JSON and its section; none changes what the others say.
import { ergodicRayleighBits } from "../../../link/capacity.ts";
import { rayleighGains } from "../../../link/fading/rayleigh.ts";
import { seededRandom } from "../../../math/random.ts";
import type { Section } from "../../../report/document.ts";
import {
  countCell,
  durationCell,
  numberWithoutUnitCell,
  quantityCell,
  ratioCell,
  textCell,
} from "../../../report/show.ts";
import { decide, type Limits, NO_CUT, sendingJ, tradeOff } from "../../../split/decide.ts";
import { regretOf } from "../../../split/estimated.ts";
import type { PlannedSplit } from "../../../split/plan.ts";
import { bestPoweredCut } from "../../../split/power.ts";
import { leastOpenGain, type Uplink } from "../../../split/radio.ts";
import {
  DEFAULT_OUTAGE,
  meanOverRayleigh,
  type Truncation,
  truncationAbove,
  truncationGain,
} from "../../../split/rayleigh.ts";
import { equalShares, type Shared, shareBand } from "../../../split/share.ts";
import type { Place } from "../../../split/trajectory.ts";
import { formatRatio } from "../../../units/format.ts";
import { InputError } from "../../../units/input-error.ts";
import type { OptionSpec, OptionValues } from "../../command.ts";
import { countOption, flagOption, listOption, quantityOption, shareOption, textOption } from "../../options.ts";
import { needs } from "./radio-options.ts";

export const EXTRA_OPTIONS: readonly OptionSpec[] = [
  {
    flags: "--fading <kind>",
    description: "rayleigh: means over |h|² that is exponential with mean --gain; ergodic: messages over many fades",
  },
  {
    flags: "--outage <ratio>",
    description: "with --fading rayleigh or --pilots: share of the time when nothing is sent (default 1%)",
  },
  { flags: "--power-control", description: "choose the power too, up to --power: least joules within --max-latency" },
  { flags: "--users <gains>", description: "gains |h|² of several devices that share the band and the server" },
  { flags: "--server-load <ratio>", description: "with --users: share of its time that the server may work" },
  { flags: "--user-rate <n>", description: "with --users: inferences per second of each device (default 1)" },
  { flags: "--pilots <n>", description: "choose from a channel estimated with n pilots, against the true one" },
  { flags: "--ageing <ratio>", description: "with --pilots: correlation of the channel then and now (default 1)" },
  { flags: "--lambda <ratio>", description: "with --loss: weight of the loss in λ·loss + (1 − λ)·joules" },
  { flags: "--loss <numbers>", description: "losses of MODEL and of --pruned, separated by a comma" },
];

export interface ExtraInput {
  readonly planned: PlannedSplit;
  readonly link: Uplink;
  readonly gainRatio: number;
  readonly limits: Limits;
  readonly uncompressed: PlannedSplit | undefined;
  /** Of a trajectory; undefined without one. */
  readonly places: readonly Place[] | undefined;
}

export interface Extra {
  readonly result: Readonly<Record<string, unknown>>;
  readonly sections: readonly Section[];
  readonly notes?: readonly string[];
}

const FADINGS = ["rayleigh", "ergodic"] as const;

/** The rate that stands for a fading channel, and what was taken for it. */
export interface FadedRate {
  readonly kind: (typeof FADINGS)[number];
  readonly rateBps: number;
  readonly note: string;
  readonly outageRatio: number;
}

/** Fading that is open for less than the rest of the time counts as closed. */
const MOST_OUTAGE = 1 - 1e-9;

/** When nothing is sent, in words. */
const notSent = (truncation: Required<Truncation>): string =>
  `below |h|² = ${truncationGain(truncation).toPrecision(3)}, ${formatRatio(truncation.outageRatio)} of the time, nothing is sent`;

export function fadedRate(options: OptionValues, link: Uplink, gainRatio: number): FadedRate | undefined {
  const text = textOption(options, "--fading");
  const outage = shareOption(options, "--outage");
  if (text === undefined) {
    if (outage !== undefined && textOption(options, "--pilots") === undefined)
      throw new InputError("needs-option", "--outage needs --fading rayleigh or --pilots", "add --fading rayleigh");
    return undefined;
  }
  const kind = FADINGS.find((one) => one === text);
  if (kind === undefined || outage === 1)
    throw new InputError(
      kind === undefined ? "bad-fading" : "out-of-range",
      kind === undefined ? `--fading "${text}" is not offered` : "--outage: nothing would ever be sent",
      kind === undefined ? `give ${FADINGS.join(" or ")}` : "give a share below 1",
    );
  if (gainRatio === 0) return { kind, rateBps: 0, note: "the link is closed: its mean gain is 0", outageRatio: 1 };
  if (kind === "ergodic") {
    const { radio, snrPerGain, meanSends } = link;
    if (radio.blocks !== undefined)
      throw new InputError(
        "needs-option",
        "--fading ergodic is for codes without end, --block for short ones",
        "leave out one of them",
      );
    const rateBps = (radio.bandwidthHz * ergodicRayleighBits(snrPerGain * gainRatio)) / meanSends;
    const note = "messages last over many fades: their rate is the mean rate E[R], exact only for messages without end";
    return { kind, rateBps, note, outageRatio: 0 };
  }
  const outageRatio = outage ?? DEFAULT_OUTAGE;
  const truncation = truncationAbove(leastOpenGain(link), { meanGainRatio: gainRatio, outageRatio });
  const never = truncation.outageRatio > MOST_OUTAGE;
  const rateBps = never ? 0 : 1 / meanOverRayleigh((gain) => 1 / link.rateBps(gain), truncation);
  const note = `means over Rayleigh fading of mean gain ${gainRatio}; ${notSent(truncation)}, without that the mean of 1/R has no end`;
  return { kind, rateBps, note, outageRatio: never ? 1 : truncation.outageRatio };
}

/** The choice at every draw of the fading, beside one cut for all of them. */
export function fadingExtra({ planned, link, gainRatio }: ExtraInput, faded: FadedRate): Extra {
  if (faded.kind === "ergodic" || faded.rateBps === 0)
    return { result: { fading: { kind: faded.kind, outageRatio: faded.outageRatio, adaptiveJ: null } }, sections: [] };
  const { table } = planned;
  const truncation = { meanGainRatio: gainRatio, outageRatio: faded.outageRatio };
  const adaptiveJ = meanOverRayleigh((gain) => {
    const rate = link.rateBps(gain);
    const cut = decide(table, rate, link.sending);
    return table.deviceJ[cut]! + sendingJ(table.bits[cut]!, rate, link.sending);
  }, truncation);
  const fixed = decide(table, faded.rateBps, link.sending);
  const fixedJ = table.deviceJ[fixed]! + sendingJ(table.bits[fixed]!, faded.rateBps, link.sending);
  return {
    result: {
      fading: {
        kind: faded.kind,
        outageRatio: faded.outageRatio,
        leastGain: truncationGain(truncation),
        adaptiveJ,
        fixedJ,
      },
    },
    sections: [
      {
        kind: "facts",
        title: "Mean over the fading",
        facts: [
          { label: "cut chosen anew at every draw", cell: quantityCell(adaptiveJ, "J") },
          { label: `best single cut (${table.cuts[fixed]!.after})`, cell: quantityCell(fixedJ, "J") },
        ],
      },
    ],
  };
}

export function powerExtra(options: OptionValues, { planned, link, gainRatio, limits }: ExtraInput): Extra | undefined {
  if (!flagOption(options, "--power-control")) return undefined;
  const { table } = planned;
  const best = bestPoweredCut(table, gainRatio, link.radio, limits.maxLatencyS);
  if (best === undefined)
    return {
      result: { powerControl: null },
      sections: [{ kind: "notes", tone: "warning", notes: ["power control: no cut is in time at full power"] }],
    };
  const { cut, powerW, airtimeS, radioJ, totalJ, latencyS } = best;
  const { after } = table.cuts[cut]!;
  return {
    result: {
      powerControl: {
        cut: after,
        powerW,
        airtimeS,
        radioJ,
        totalJ,
        latencyS: Number.isNaN(latencyS) ? null : latencyS,
      },
    },
    sections: [
      {
        kind: "facts",
        title: "With power control",
        facts: [
          { label: "cut after", cell: textCell(after) },
          { label: "radiated power", cell: quantityCell(powerW, "W") },
          { label: "time on the air", cell: durationCell(airtimeS) },
          { label: "radio", cell: quantityCell(radioJ, "J") },
          { label: "total", cell: quantityCell(totalJ, "J") },
        ],
      },
    ],
  };
}

/** Draws that a regret without a trajectory is the mean of. */
const DRAWS = 10_000;

export function estimateExtra(
  options: OptionValues,
  { planned, link, gainRatio, places, limits }: ExtraInput,
): Extra | undefined {
  const pilots = countOption(options, "--pilots");
  const ageing = quantityOption(options, "--ageing", "ratio", 0, 1);
  if (pilots === undefined) {
    if (ageing !== undefined) throw new InputError("needs-option", "--ageing needs --pilots", "add --pilots 8");
    return undefined;
  }
  const seed = countOption(options, "--seed", 0) ?? 1;
  // Exponential gains above a threshold are the threshold plus an exponential; without it the mean of 1/R would have no end.
  const outageRatio = shareOption(options, "--outage") ?? DEFAULT_OUTAGE;
  const truncation = truncationAbove(leastOpenGain(link), { meanGainRatio: gainRatio, outageRatio });
  const leastGain = truncationGain(truncation);
  if (places === undefined && (gainRatio === 0 || truncation.outageRatio > MOST_OUTAGE))
    throw new InputError(
      "closed-link",
      "--pilots: the link is closed, no cut can be chosen from it",
      "give more --gain",
    );
  const gains = places
    ? Float64Array.from(places, (place) => place.gainRatio)
    : rayleighGains(DRAWS, seededRandom(seed), gainRatio).map((gain) => leastGain + gain);
  // Without a path that tells them, the device knows the mean of all.
  const means = places?.every((place) => place.meanGainRatio !== undefined)
    ? Float64Array.from(places, (place) => place.meanGainRatio!)
    : undefined;
  const errors = { pilots, outageRatio, ...(ageing !== undefined && { ageing }) };
  const regret = regretOf(planned.table, gains, link, errors, seededRandom(seed + 1), limits, means);
  const { energyJ, oracleJ, pilotJ, regretJ, differentRatio, fixedJ, fixedCut, inferences } = regret;
  const { after } = planned.table.cuts[fixedCut]!;
  const each = (sumJ: number) => quantityCell(sumJ / inferences, "J");
  return {
    notes: places ? [] : [`the regret is a mean over Rayleigh draws: ${notSent(truncation)}`],
    result: {
      estimated: {
        pilots,
        ageing: ageing ?? 1,
        places: gains.length,
        energyJ,
        oracleJ,
        pilotJ,
        regretJ,
        differentRatio,
        fixedJ,
        fixedCut: after,
        inferences,
      },
    },
    sections: [
      {
        kind: "facts",
        title: `Choosing from ${pilots} pilots, per inference`,
        facts: [
          { label: places ? "places" : "Rayleigh draws", cell: countCell(gains.length) },
          { label: "oracle", cell: each(oracleJ) },
          { label: "from estimates", cell: each(energyJ) },
          { label: `best single cut (${after}), no pilots`, cell: each(fixedJ) },
          { label: "regret", cell: each(regretJ) },
          { label: "of it for pilots", cell: each(pilotJ) },
          { label: "another cut than the oracle's", cell: ratioCell(differentRatio) },
        ],
      },
    ],
  };
}

function usersOption(options: OptionValues): readonly number[] | undefined {
  const list = listOption(options, "--users");
  if (list === undefined) return undefined;
  return list.map((text) => {
    const gain = Number(text);
    if (Number.isFinite(gain) && gain > 0) return gain;
    throw new InputError("bad-gain", `--users: "${text}" is not a gain above 0`, "give gains such as 0.1,0.5,2");
  });
}

export function usersExtra(options: OptionValues, { planned: { table }, link }: ExtraInput): Extra | undefined {
  const gains = usersOption(options);
  const serverLoadRatio = shareOption(options, "--server-load");
  const ratePerS = quantityOption(options, "--user-rate", "", 0) ?? 1;
  if (gains === undefined) {
    for (const flag of ["--server-load", "--user-rate"]) needs(options, flag, "--users");
    return undefined;
  }
  const devices = gains.map((gainRatio) => ({ table, gainRatio, ratePerS }));
  const plan = { radio: link.radio, ...(serverLoadRatio !== undefined && { serverLoadRatio }) };
  const [joint, equal] = [shareBand(devices, plan), equalShares(devices, plan)];
  const shown = ({ shares, cuts, energyJ, totalJ, serverLoadRatio: load }: Shared) => ({
    totalJ,
    serverLoadRatio: Number.isNaN(load) ? null : load,
    devices: gains.map((gain, i) => ({
      gain,
      share: shares[i]!,
      cut: table.cuts[cuts[i]!]!.after,
      energyJ: Number.isFinite(energyJ[i]) ? energyJ[i]! : null,
    })),
  });
  const rows = gains.map((gain, i) => [
    numberWithoutUnitCell(gain),
    textCell(table.cuts[equal.cuts[i]!]!.after),
    quantityCell(equal.energyJ[i], "J"),
    ratioCell(joint.shares[i]),
    textCell(table.cuts[joint.cuts[i]!]!.after),
    quantityCell(joint.energyJ[i], "J"),
  ]);
  const sumRow = [
    textCell("sum"),
    textCell(""),
    quantityCell(equal.totalJ, "J"),
    textCell(""),
    textCell(""),
    quantityCell(joint.totalJ, "J"),
  ];
  return {
    result: { users: { joint: shown(joint), equal: shown(equal) } },
    sections: [
      {
        kind: "table",
        name: "users",
        title: `${gains.length} devices in one band`,
        caption: `equal shares, each with its own best cut, against shares and cuts chosen together${serverLoadRatio === undefined ? "" : `; both keep the server at ${formatRatio(serverLoadRatio)} of its time`}`,
        columns: [
          { title: "gain" },
          { title: "equal: cut" },
          { title: "energy", align: "right" },
          { title: "joint: share", align: "right" },
          { title: "cut" },
          { title: "energy", align: "right" },
        ],
        rows: [...rows, sumRow],
      },
    ],
    notes: [
      `joint cuts and shares are a descent from several beginnings: never above equal shares${serverLoadRatio === undefined ? "" : " that keep the same load"}, not proven the least`,
    ],
  };
}

/** Equation 7 of the paper over the network and its compressed form. */
export function tradeOffExtra(
  options: OptionValues,
  { planned, uncompressed, link, gainRatio, limits }: ExtraInput,
): Extra | undefined {
  const lambda = quantityOption(options, "--lambda", "ratio", 0, 1);
  const losses = listOption(options, "--loss")?.map(Number);
  if (lambda === undefined && losses === undefined) return undefined;
  if (lambda === undefined || losses?.length !== 2 || losses.some((loss) => !Number.isFinite(loss)) || !uncompressed)
    throw new InputError(
      "needs-option",
      "the trade-off needs --lambda, --pruned and two losses",
      "give --lambda 0.001 --pruned small.onnx --loss 0.05,0.06",
    );
  const rate = link.rateBps(gainRatio);
  const candidates = [uncompressed, planned].map(({ table }, i) => {
    const cut = decide(table, rate, link.sending, limits);
    const bits = rate > 0 ? table.bits[cut]! : 0;
    const energyJ =
      cut === NO_CUT ? Number.POSITIVE_INFINITY : table.deviceJ[cut]! + sendingJ(bits, rate, link.sending);
    return {
      name: i === 0 ? "as it was" : "compressed",
      loss: losses[i]!,
      energyJ,
      cut: table.cuts[cut]?.after ?? null,
    };
  });
  const chosen = tradeOff(candidates, lambda)!;
  const notes = [
    `λ = ${lambda}: ${chosen.name} has the least λ·loss + (1 − λ)·E [Krouka2021, equation 7]; the loss does not depend on the cut, so the cut is the one with the fewest joules`,
  ];
  return { result: { tradeOff: { lambda, candidates, chosen: chosen.name } }, sections: [{ kind: "notes", notes }] };
}
