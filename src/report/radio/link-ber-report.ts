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

function tableOf(rows: readonly BerRow[], interfered: boolean): Section {
  const decibels = interfered
    ? [
        { title: "SINR", align: "right" as const },
        { title: "SNR", align: "right" as const },
      ]
    : [{ title: "SNR", align: "right" as const }];
  return {
    kind: "table",
    name: "points",
    main: true,
    title: "Bit error ratios",
    caption: "95 % intervals from the spread between slots",
    columns: [
      ...decibels,
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
      ...(interfered ? [dbCell(row.sinrDb)] : []),
      dbCell(row.snrDb),
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

function chartOf(rows: readonly BerRow[], interfered: boolean): readonly Section[] {
  const seen = rows.filter(({ errors }) => errors > 0);
  const names = [...new Set(seen.map(({ receiver }) => receiver))];
  if (new Set(seen.map(({ sinrDb }) => sinrDb)).size < 2) return [];
  const axis = interfered ? "SINR (dB)" : "SNR (dB)";
  return [
    {
      kind: "chart",
      chart: {
        kind: "lines",
        title: `Bit error ratio over ${interfered ? "SINR" : "SNR"}`,
        note: "Logarithmic. Points without any error are in the table only.",
        x: axis,
        y: "bit error ratio",
        logY: true,
        mark: "dots",
        series: names.map((name) => ({
          name,
          points: seen
            .filter(({ receiver }) => receiver === name)
            .map(({ sinrDb, snrDb, ber }) => [interfered ? sinrDb : snrDb, ber] as const),
        })),
      },
    },
  ];
}

export function linkBerDocument(report: BerReport): Document {
  const { rows, settings, remarks } = report;
  const interfered = settings.sirDb !== null;
  return {
    title: `Bit error ratio of ${settings.modulation} over ${settings.channel}`,
    sections: [
      { kind: "facts", facts: factsOf(report) },
      tableOf(rows, interfered),
      ...chartOf(rows, interfered),
      ...(remarks.length > 0 ? [{ kind: "notes", title: "Remarks", notes: remarks } as const] : []),
    ],
  };
}
