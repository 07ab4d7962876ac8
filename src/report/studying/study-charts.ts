// The figures of a study: quantities against each other, power by component, and what happens from epoch to epoch.
import { type EpochRange, epochRanges, grouped, meanRows, type Range, wholeRuns } from "../../study/analysis.ts";
import { type Phase, QUANTITIES, type QuantityKey, type StudyRow } from "../../study/study-row.ts";
import type { LinesChart, Section } from "../document.ts";
import { placeText } from "./setting-columns.ts";

/** Figures by phase: [x, y]. */
const FIGURES: readonly (readonly [QuantityKey, QuantityKey])[] = [
  ["macs", "energy"],
  ["macsPerParam", "energy"],
  ["utilisation", "energy"],
  ["utilisation", "grossPower"],
  ["vramShare", "grossPower"],
];

/** Two quantities against each other, a dot per network and setting, a colour per machine and setting. */
function scatter(rows: readonly StudyRow[], phase: Phase, x: QuantityKey, y: QuantityKey): readonly Section[] {
  const known = meanRows(wholeRuns(rows)).flatMap((row) => {
    const [a, b] = [QUANTITIES[x].of(row), QUANTITIES[y].of(row)];
    return row.phase === phase && a !== undefined && b !== undefined ? [{ row, at: [a, b] as const }] : [];
  });
  if (known.length < 2) return [];
  const nameOf = placeText(known.map(({ row }) => row));
  const axis = (key: QuantityKey) => {
    const { name, unit } = QUANTITIES[key];
    return unit === "" || unit === "ratio" ? name : `${name} (${unit})`;
  };
  const isShare = QUANTITIES[x].unit === "ratio";
  const chart: LinesChart = {
    kind: "lines",
    mark: "points",
    title: `${QUANTITIES[y].name} against ${QUANTITIES[x].name}, ${phase}`,
    x: axis(x),
    y: axis(y),
    xUnit: QUANTITIES[x].unit,
    yUnit: QUANTITIES[y].unit,
    logX: !isShare,
    logY: y === "energy" && known.every(({ at }) => at[1] > 0),
    series: [...grouped(known, ({ row }) => nameOf(row) || row.machine)].map(([name, points]) => ({
      name,
      points: points.map(({ at }) => at),
      labels: points.map(({ row }) => row.network),
    })),
  };
  return [{ kind: "chart", chart }];
}

const COMPONENTS = [
  ["processor", "cpuPowerW"],
  ["accelerator", "gpuPowerW"],
  ["memory", "dramPowerW"],
] as const;

/** Mean power of each part, a bar per network, phase and part. */
function powerByComponent(rows: readonly StudyRow[]): readonly Section[] {
  const mean = meanRows(wholeRuns(rows));
  const placeOf = placeText(mean);
  const bars = mean.flatMap((row) =>
    COMPONENTS.flatMap(([group, field]) => {
      const value = row[field];
      const label = [row.network, row.phase, placeOf(row), group].filter((part) => part !== "").join(", ");
      return value === undefined ? [] : [{ label, value, group }];
    }),
  );
  if (bars.length === 0) return [];
  const note = "Idle power left in.";
  return [
    {
      kind: "chart",
      chart: { kind: "bars", title: "Mean power by component", note, axis: "mean power (W)", unit: "W", bars },
    },
  ];
}

type Seen = "energyJ" | "accuracy" | "loss";
const SEEN: readonly (readonly [field: Seen, name: string, unit: string])[] = [
  ["energyJ", "energy since the start", "J"],
  ["accuracy", "accuracy", "ratio"],
  ["loss", "loss", ""],
];
const LINES: readonly (keyof Range)[] = ["low", "mean", "high"];
const LINE_NAMES: Readonly<Record<keyof Range, string>> = { low: "lowest", mean: "mean", high: "highest" };

/** Lowest, mean and highest over all networks, epoch by epoch: three lines per machine and setting. */
function epochCharts(ranges: readonly EpochRange[]): readonly Section[] {
  const placeOf = placeText(ranges);
  return SEEN.flatMap(([field, name, unit]): Section[] => {
    const known = ranges.flatMap((range) => {
      const seen = range[field];
      return seen === undefined ? [] : [{ range, seen }];
    });
    if (new Set(known.map(({ range }) => range.epoch)).size < 2) return [];
    const series = [...grouped(known, ({ range }) => placeOf(range))].flatMap(([place, own]) =>
      LINES.map((line) => ({
        name: place === "" ? LINE_NAMES[line] : `${place}: ${LINE_NAMES[line]}`,
        points: own.map(({ range, seen }) => [range.epoch, seen[line]] as const).toSorted((a, b) => a[0] - b[0]),
      })),
    );
    const y = unit === "" || unit === "ratio" ? name : `${name} (${unit})`;
    const title = `By epoch: ${name}, lowest, mean and highest`;
    return [{ kind: "chart", chart: { kind: "lines", mark: "dots", title, x: "epoch", y, yUnit: unit, series } }];
  });
}

/** All figures that these rows can give. */
export function studyCharts(rows: readonly StudyRow[]): readonly Section[] {
  return [
    ...powerByComponent(rows),
    ...(["training", "inference"] as const).flatMap((phase) => FIGURES.flatMap(([x, y]) => scatter(rows, phase, x, y))),
    ...epochCharts(epochRanges(rows)),
  ];
}
