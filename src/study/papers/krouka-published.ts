// The numbers that [Krouka2021] prints, as it prints them, and why ours cannot always be the same. Nothing is fitted to them.

/** Table III: joules, and kg CO2e of the sums. */
export interface PublishedColumn {
  readonly energyJ: number;
  readonly processingJ: number;
  readonly radioJ: number;
  readonly co2eKg: number;
}

export type Choice = "pool1" | "softmax" | "ps" | "psnc";
export const CHOICES: readonly Choice[] = ["pool1", "softmax", "ps", "psnc"];

export interface PublishedBandwidth {
  readonly bandwidthHz: number;
  readonly shown: string;
  readonly columns: Readonly<Record<Choice, PublishedColumn>>;
}

const column = (energyJ: number, processingJ: number, radioJ: number, co2eKg: number): PublishedColumn => ({
  energyJ: energyJ * 1e-4,
  processingJ: processingJ * 1e-4,
  radioJ: radioJ * 1e-4,
  co2eKg: co2eKg * 1e-10,
});

export const TABLE_III: readonly PublishedBandwidth[] = [
  {
    bandwidthHz: 15e3,
    shown: "15 kHz",
    columns: {
      pool1: column(8.66, 0.66, 7.98, 0.66),
      softmax: column(1.69, 1.67, 0.03, 0.13),
      ps: column(1.69, 1.64, 0.05, 0.13),
      psnc: column(4.36, 2.6, 1.76, 0.33),
    },
  },
  {
    bandwidthHz: 15e6,
    shown: "15 MHz",
    columns: {
      pool1: column(1.24, 0.66, 0.58, 0.1),
      softmax: column(1.67, 1.67, 0.002, 0.12),
      ps: column(0.53, 0.23, 0.31, 0.04),
      psnc: column(0.61, 0.23, 0.38, 0.05),
    },
  },
];

/** Average of the EU, kg CO2e per kWh [EEA2020], as the paper takes it. */
export const EU_KG_PER_KWH = 0.275;

/** Fig 3 as the text tells it: what compression takes off fc1 and fc2 at least, and their share of the parameters. */
export const FC_SAVING_RATIO = 0.98;
export const FC_PARAMETER_RATIO = 0.6;

type Quantity = keyof PublishedColumn;

const CHANNEL =
  "the paper's gains along its path are not printed; ours: mean over Rayleigh fading, nothing sent below a stated gain";
const COMPRESSION = "depends on how far the network is pruned, which the paper does not say for this table";

/** Why a cell of Table III differs where the reason is known: by choice and quantity, then by quantity. */
export function reasonFor(choice: Choice, quantity: Quantity, shown: string): string {
  if (choice === "pool1" && quantity === "processingJ")
    return "does not follow from the paper's own equations: conv1 has 416 parameters and 313,600 MACs, about 2.5e-6 J";
  if (choice === "pool1" && quantity === "energyJ")
    return `${shown === "15 kHz" ? "printed 8.66 for 0.66 + 7.98 = 8.64; " : ""}holds the processing energy that the equations do not give; ${CHANNEL}`;
  if (choice === "softmax" && quantity === "co2eKg" && shown === "15 MHz")
    return `1.67e-4 J at 0.275 kg/kWh are 0.128e-10 kg, printed 0.12e-10; ${COMPRESSION}`;
  if (quantity === "radioJ") return CHANNEL;
  if (quantity === "processingJ")
    return choice === "psnc"
      ? "the cuts that are chosen depend on the gains, which are not printed"
      : choice === "ps"
        ? `the cuts that are chosen depend on the gains; ${COMPRESSION}`
        : COMPRESSION;
  return `sum of the rows above${quantity === "co2eKg" ? ", at 0.275 kg/kWh" : ""}`;
}
