// The carbon and money options of `estimate`: which grid, which price, which share of the device's making.
import { co2eKg, cost, embodiedKg } from "../../carbon/emissions.ts";
import { findRegion } from "../../carbon/grid.ts";
import { type Price, parsePrice } from "../../carbon/price.ts";
import type { Hardware } from "../../hardware/hardware.ts";
import type { Section } from "../../report/document.ts";
import { massCell, ratioCell, textCell } from "../../report/show.ts";
import { formatNumber } from "../../units/format.ts";
import { InputError } from "../../units/input-error.ts";
import { SECONDS_PER_YEAR } from "../../units/quantity.ts";
import { exact, type Range, rangeOf } from "../../units/range.ts";
import type { OptionSpec, OptionValues } from "../command.ts";
import { periodOption, quantityOption, shareOption, textOption } from "../options.ts";

export const CARBON_OPTIONS: readonly OptionSpec[] = [
  { flags: "--runs <n>", description: "inferences that kWh, CO2e and money are for (default 1)" },
  {
    flags: "--region <name>",
    description: "grid: country code or name, EU, EU-2020 (the paper's 0.275), world (default world)",
  },
  { flags: "--intensity <kg>", description: "grid intensity of your own, kg CO2e per kWh" },
  {
    flags: "--pue <ratio>",
    description: "power usage effectiveness of the building, at least 1 (default 1; green-algorithms has its own 1.67)",
  },
  { flags: "--price <price>", description: "price of one kWh, such as 0.20EUR (default: no cost is given)" },
  {
    flags: "--lifetime <time>",
    description: "time the device serves, such as 4y: adds the embodied share (default: not counted)",
  },
  { flags: "--utilisation <ratio>", description: "with --lifetime: share of that time in use (default 1)" },
];

/** The metric that multiplies by PUE itself, so that carbon must not do it again. */
const OWN_PUE = "green-algorithms";

interface Footprint {
  readonly co2eKg?: number | undefined;
  readonly cost?: { readonly amount: number; readonly currency: string } | undefined;
  readonly embodiedKg?: number | undefined;
}

export interface CarbonChoice {
  readonly region:
    | { readonly code: string; readonly name: string; readonly kgPerKwh: number; readonly source: string }
    | undefined;
  readonly kgPerKwh: Range;
  readonly price: Price | undefined;
  readonly pueRatio: number;
  readonly lifetimeS: number | undefined;
  readonly utilisationRatio: number;
  readonly assumptions: readonly string[];
  /** A table of embodied emissions, when asked for. */
  sections(rows: readonly (Footprint & { readonly device: string; readonly metric: string })[]): readonly Section[];
}

export async function carbonChoice(options: OptionValues): Promise<CarbonChoice> {
  const given = quantityOption(options, "--intensity", "kg");
  const regionName = textOption(options, "--region");
  if (given !== undefined && regionName !== undefined) {
    throw new InputError("two-grids", "--region and --intensity both name a grid", "give one of them");
  }
  const region = given === undefined ? await findRegion(regionName ?? "world") : undefined;
  const kgPerKwh = region === undefined ? exact(given!) : rangeOf(region.kgPerKwh);
  const priceText = textOption(options, "--price");
  const price = priceText === undefined ? undefined : parsePrice(priceText);
  const pue = quantityOption(options, "--pue", "ratio", 1);
  const lifetimeS = periodOption(options, "--lifetime");
  const utilisation = shareOption(options, "--utilisation");
  if (utilisation !== undefined && lifetimeS === undefined)
    throw new InputError(
      "no-lifetime",
      "--utilisation needs --lifetime",
      "give how long the device serves, such as --lifetime 4y",
    );
  const grid =
    region === undefined
      ? `grid: ${formatNumber(kgPerKwh.value)} kg CO2e/kWh, given by --intensity`
      : `grid: ${region.name}, ${formatNumber(kgPerKwh.value)} kg CO2e/kWh ${region.kgPerKwh.source}, ${region.kgPerKwh.year}${regionName === undefined ? "; give --region for yours" : ""}`;
  return {
    region: region && {
      code: region.code,
      name: region.name,
      kgPerKwh: region.kgPerKwh.value,
      source: region.kgPerKwh.source,
    },
    kgPerKwh,
    price,
    pueRatio: pue ?? 1,
    lifetimeS,
    utilisationRatio: utilisation ?? 1,
    assumptions: [
      grid,
      ...(price ? [`price: ${price.perKwh} ${price.currency} per kWh, as given`] : []),
      ...(pue !== undefined
        ? [`PUE ${pue} on CO2e and cost (once only where green-algorithms has it in its joules)`]
        : []),
      ...(lifetimeS !== undefined
        ? [
            `embodied share: manufacturing ÷ (${formatNumber(lifetimeS / SECONDS_PER_YEAR)} years × ${utilisation ?? 1} in use) × time`,
          ]
        : []),
    ],
    sections: (rows) => (lifetimeS === undefined ? [] : [embodiedTable(rows)]),
  };
}

function embodiedTable(rows: readonly (Footprint & { readonly device: string; readonly metric: string })[]): Section {
  return {
    kind: "table",
    title: "Embodied emissions",
    caption:
      "The share of the device's making that falls to these runs, beside the CO2e of their electricity; – where the making or the time is not known.",
    name: "embodied",
    columns: [
      { title: "device", group: true },
      { title: "metric" },
      { title: "use", align: "right" },
      { title: "embodied", align: "right" },
      { title: "embodied share", align: "right" },
    ],
    rows: rows.map((row) => [
      textCell(row.device),
      textCell(row.metric),
      massCell(row.co2eKg),
      massCell(row.embodiedKg),
      ratioCell(
        row.embodiedKg === undefined || row.co2eKg === undefined
          ? undefined
          : row.embodiedKg / (row.embodiedKg + row.co2eKg),
      ),
    ]),
  };
}

/** CO2e, money and embodied share of `runsJ` joules that take `timeS`. */
export function footprint(
  runsJ: number,
  metric: string,
  timeS: number | undefined,
  device: Hardware,
  choice: CarbonChoice,
): Footprint {
  const pue = metric === OWN_PUE ? 1 : choice.pueRatio;
  const paid = choice.price && cost(exact(runsJ), choice.price, pue);
  const made = device.manufacturingKg;
  return {
    co2eKg: co2eKg(exact(runsJ), choice.kgPerKwh, pue).value,
    cost: paid && { amount: paid.amount.value, currency: paid.currency },
    embodiedKg:
      made === undefined || timeS === undefined || choice.lifetimeS === undefined
        ? undefined
        : embodiedKg(rangeOf(made), exact(timeS), choice.lifetimeS, choice.utilisationRatio).value,
  };
}
