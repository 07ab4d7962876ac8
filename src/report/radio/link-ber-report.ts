// Bit error ratios as a report: a row per point and receiver, the curves over SINR with a logarithmic axis.
import { formatNumber, formatQuantity } from "../../units/format.ts";
import type { Document, Fact, Section } from "../document.ts";
import { countCell, numberWithoutUnitCell, quantityCell, textCell } from "../show.ts";

/** One point of one receiver. */
export interface BerRow {
  readonly snrDb: number;
  readonly sinrDb: number;
  readonly receiver: string;
  readonly ber: number;
  readonly lowBer: number;
  readonly highBer: number;
  readonly bits: number;
  readonly errors: number;
  readonly slots: number;
}

export interface BerSettings {
  readonly modulation: string;
  readonly channel: string;
  readonly delaySpreadS: number | null;
  readonly dopplerHz: number | null;
  readonly fading: string | null;
  readonly antennas: number;
  readonly subcarriers: number;
  readonly symbols: number;
  readonly spacingHz: number;
  readonly pilotSymbols: readonly number[];
  readonly sirDb: number | null;
  readonly seed: number;
}

export interface BerReport {
  /** What the points were asked for by. */
  readonly points: "snr" | "sinr";
  readonly rows: readonly BerRow[];
  readonly settings: BerSettings;
  /** Undefined where nothing was simulated. */
  readonly slotsPerSecond: number | undefined;
  readonly remarks: readonly string[];
}

const ratioText = (value: number) => (value === 0 ? "0" : value.toExponential(2));
const dbCell = (value: number) => ({ text: `${formatNumber(value)} dB`, value, unit: "dB" });

function factsOf({ settings, slotsPerSecond }: BerReport): readonly Fact[] {
  const {
    channel,
    delaySpreadS,
    dopplerHz,
    fading,
    antennas,
    subcarriers,
    symbols,
    spacingHz,
    pilotSymbols,
    sirDb,
    seed,
  } = settings;
  const detail = [
    ...(delaySpreadS === null ? [] : [`delay spread ${formatQuantity(delaySpreadS, "s")}`]),
    ...(dopplerHz === null ? [] : [`Doppler ${formatQuantity(dopplerHz, "Hz")}`]),
    ...(fading === "re" ? ["a draw per resource element"] : []),
  ];
  return [
    { label: "channel", cell: textCell([channel, ...detail].join(", ")) },
    { label: "antennas", cell: textCell(`1×${antennas}`) },
    {
      label: "grid",
      cell: textCell(`${subcarriers} subcarriers × ${symbols} symbols, ${formatQuantity(spacingHz, "Hz")} apart`),
    },
    { label: "pilots", cell: textCell(`on symbol ${pilotSymbols.join(" and ")}`) },
    ...(sirDb === null ? [] : [{ label: "signal over interference", cell: textCell(`${formatNumber(sirDb)} dB`) }]),
    { label: "seed", cell: countCell(seed) },
    ...(slotsPerSecond === undefined ? [] : [{ label: "speed", cell: quantityCell(slotsPerSecond, "slots/s") }]),
  ];
}

/** A column of decibels, and the axis of the chart where it is the first. */
interface Ratio {
  readonly title: "SINR" | "SNR";
  readonly of: (row: BerRow) => number;
}

const SINR: Ratio = { title: "SINR", of: ({ sinrDb }) => sinrDb };
const SNR: Ratio = { title: "SNR", of: ({ snrDb }) => snrDb };

/** Both where they differ; else the one that was asked for. */
function ratiosOf({ settings: { sirDb }, points }: BerReport): readonly [Ratio, ...Ratio[]] {
  if (sirDb !== null) return [SINR, SNR];
  return points === "sinr" ? [SINR] : [SNR];
}

function tableOf(rows: readonly BerRow[], ratios: readonly Ratio[]): Section {
  return {
    kind: "table",
    name: "points",
    main: true,
    title: "Bit error ratios",
    caption: "95 % intervals from the spread between slots",
    columns: [
      ...ratios.map(({ title }) => ({ title, align: "right" as const })),
      { title: "receiver" },
      { title: "BER", align: "right" },
      { title: "95 % interval", align: "right", only: "screen" },
      { title: "low BER", align: "right", only: "data" },
      { title: "high BER", align: "right", only: "data" },
      { title: "errors", align: "right" },
      { title: "bits", align: "right", priority: -2 },
      { title: "slots", align: "right", priority: -1 },
    ],
    rows: rows.map((row) => [
      ...ratios.map(({ of }) => dbCell(of(row))),
      textCell(row.receiver),
      { text: ratioText(row.ber), value: row.ber },
      textCell(`${ratioText(row.lowBer)}–${ratioText(row.highBer)}`),
      numberWithoutUnitCell(row.lowBer),
      numberWithoutUnitCell(row.highBer),
      countCell(row.errors),
      countCell(row.bits),
      countCell(row.slots),
    ]),
  };
}

function chartOf(rows: readonly BerRow[], ratio: Ratio): readonly Section[] {
  const seen = rows.filter(({ errors }) => errors > 0);
  const names = [...new Set(seen.map(({ receiver }) => receiver))];
  if (new Set(seen.map(ratio.of)).size < 2) return [];
  return [
    {
      kind: "chart",
      chart: {
        kind: "lines",
        title: `Bit error ratio over ${ratio.title}`,
        note: "Logarithmic. Points without any error are in the table only.",
        x: `${ratio.title} (dB)`,
        y: "bit error ratio",
        logY: true,
        mark: "dots",
        series: names.map((name) => ({
          name,
          points: seen.filter(({ receiver }) => receiver === name).map((row) => [ratio.of(row), row.ber] as const),
        })),
      },
    },
  ];
}

export function linkBerDocument(report: BerReport): Document {
  const { rows, settings, remarks } = report;
  const ratios = ratiosOf(report);
  return {
    title: `Bit error ratio of ${settings.modulation} over ${settings.channel}`,
    sections: [
      { kind: "facts", facts: factsOf(report) },
      tableOf(rows, ratios),
      ...chartOf(rows, ratios[0]),
      ...(remarks.length > 0 ? [{ kind: "notes", title: "Remarks", notes: remarks } as const] : []),
    ],
  };
}
