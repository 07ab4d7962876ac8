// Rates and joules per bit of a link as a report: a row per transmit power.
import { formatNumber, formatQuantity } from "../../units/format.ts";
import type { Cell, Column, Document, Fact } from "../document.ts";
import { durationCell, quantityCell, ratioCell, textCell } from "../show.ts";
import { plural } from "../work-sections.ts";

/** One transmit power. Undefined is what was not asked for or cannot be said. */
export interface CapacityRow {
  readonly powerW: number;
  /** Mean, per antenna. */
  readonly snrDb: number;
  /** Of an ideal code; over fading its mean. */
  readonly rateBps: number;
  readonly energyPerBitJ: number | undefined;
  readonly outageRateBps: number | undefined;
  readonly shortBlockRateBps: number | undefined;
  /** To send the bits asked for. */
  readonly durationS: number | undefined;
  readonly energyJ: number | undefined;
}

export interface CapacitySettings {
  readonly bandwidthHz: number;
  readonly gainRatio: number;
  readonly noiseWPerHz: number;
  readonly channel: string;
  readonly antennas: number;
  readonly outageRatio: number | null;
  readonly block: { readonly uses: number; readonly errorRatio: number } | null;
  readonly bits: number | null;
  readonly leastEnergyPerBitJ: number;
}

export interface CapacityReport {
  readonly rows: readonly CapacityRow[];
  readonly settings: CapacitySettings;
  readonly remarks: readonly string[];
}

const decibels = (ratio: number, unit: string) => `${formatNumber(10 * Math.log10(ratio))} ${unit}`;

/** A column that is left out where no row has it. */
interface Figure {
  readonly column: Column;
  readonly of: (row: CapacityRow) => Cell;
  readonly shown: boolean;
}

function figures({ rows, settings }: CapacityReport): readonly Figure[] {
  const has = (key: keyof CapacityRow) => rows.some((row) => row[key] !== undefined);
  const figure = (title: string, of: (row: CapacityRow) => Cell, shown = true): Figure => ({
    column: { title, align: "right" },
    of,
    shown,
  });
  const fades = settings.channel !== "awgn";
  return [
    figure("power", ({ powerW }) => quantityCell(powerW, "W")),
    figure("SNR (dB)", ({ snrDb }) => ({ text: formatNumber(snrDb), value: snrDb, unit: "dB" })),
    figure(fades ? "mean rate" : "rate", ({ rateBps }) => quantityCell(rateBps, "bit/s")),
    figure("energy per bit", (row) => quantityCell(row.energyPerBitJ, "J")),
    figure("rate but for outage", (row) => quantityCell(row.outageRateBps, "bit/s"), has("outageRateBps")),
    figure("rate of short blocks", (row) => quantityCell(row.shortBlockRateBps, "bit/s"), has("shortBlockRateBps")),
    figure("time", ({ durationS }) => durationCell(durationS), settings.bits !== null),
    figure("energy", ({ energyJ }) => quantityCell(energyJ, "J"), settings.bits !== null),
  ].filter(({ shown }) => shown);
}

function factsOf({ settings }: CapacityReport): readonly Fact[] {
  const { bandwidthHz, gainRatio, noiseWPerHz, channel, antennas, outageRatio, block, bits } = settings;
  return [
    { label: "bandwidth", cell: quantityCell(bandwidthHz, "Hz") },
    { label: "gain |h|²", cell: { text: decibels(gainRatio, "dB"), value: gainRatio } },
    { label: "noise", cell: { text: decibels(noiseWPerHz * 1000, "dBm/Hz"), value: noiseWPerHz, unit: "W/Hz" } },
    { label: "channel", cell: textCell(`${channel}, 1×${antennas}`) },
    ...(outageRatio === null ? [] : [{ label: "outage", cell: ratioCell(outageRatio) }]),
    ...(block === null
      ? []
      : [
          {
            label: "short blocks",
            cell: textCell(`${plural(block.uses, "channel use")}, ${formatNumber(block.errorRatio)} lost`),
          },
        ]),
    ...(bits === null ? [] : [{ label: "to send", cell: textCell(formatQuantity(bits, "bit")) }]),
    { label: "least energy per bit at any bandwidth", cell: quantityCell(settings.leastEnergyPerBitJ, "J") },
  ];
}

export function linkCapacityDocument(report: CapacityReport): Document {
  const shown = figures(report);
  const { rows, remarks } = report;
  return {
    title: "What the link can carry",
    sections: [
      { kind: "facts", facts: factsOf(report) },
      {
        kind: "table",
        name: "rates",
        main: true,
        title: "Rates",
        columns: shown.map(({ column }) => column),
        rows: rows.map((row) => shown.map(({ of }) => of(row))),
      },
      ...(rows.length > 1
        ? [
            {
              kind: "chart",
              chart: {
                kind: "lines",
                title: "Energy per bit over rate",
                x: "rate (bit/s)",
                y: "energy per bit (J)",
                xUnit: "bit/s",
                yUnit: "J",
                logX: true,
                logY: true,
                mark: "dots",
                series: [
                  {
                    name: report.settings.channel,
                    points: rows.flatMap(({ rateBps, energyPerBitJ }) =>
                      energyPerBitJ === undefined ? [] : [[rateBps, energyPerBitJ] as const],
                    ),
                  },
                ],
              },
            } as const,
          ]
        : []),
      ...(remarks.length > 0 ? [{ kind: "notes", title: "Remarks", notes: remarks } as const] : []),
    ],
  };
}
