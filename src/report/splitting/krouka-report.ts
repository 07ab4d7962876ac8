// The figures of [Krouka2021] as tables and charts beside the rows of `reproduce krouka`.
import type { Figure4, LayerRow } from "../../study/papers/krouka.ts";
import type { Section } from "../document.ts";
import { countCell, numberWithoutUnitCell, quantityCell, ratioCell, textCell } from "../show.ts";

export interface KroukaFigures {
  readonly layers: readonly LayerRow[];
  readonly path: Figure4;
  readonly curve: readonly { readonly ratio: number; readonly accuracy: number; readonly energyJ: number }[];
}

function layerSections(layers: readonly LayerRow[]): readonly Section[] {
  const bars = (key: "beforeJ" | "afterJ", group: string) =>
    layers.flatMap((row) =>
      row[key] === undefined || row[key] === 0 ? [] : [{ label: row.name, value: row[key], group }],
    );
  return [
    {
      kind: "table",
      name: "figure-3",
      title: "Fig 3: every layer before and after compression",
      columns: [
        { title: "layer" },
        { title: "before", align: "right" },
        { title: "after", align: "right" },
        { title: "outputs before", align: "right" },
        { title: "after", align: "right" },
      ],
      rows: layers.map(({ name, beforeJ, afterJ, beforeElements, afterElements }) => [
        textCell(name),
        quantityCell(beforeJ, "J"),
        quantityCell(afterJ, "J"),
        countCell(beforeElements),
        countCell(afterElements),
      ]),
    },
    {
      kind: "chart",
      chart: {
        kind: "bars",
        title: "Fig 3: processing energy per layer",
        note: "Before compression, then after.",
        axis: "energy (J)",
        unit: "J",
        bars: [...bars("beforeJ", "before"), ...bars("afterJ", "after")],
      },
    },
  ];
}

function pathSections({ places, choices }: Figure4): readonly Section[] {
  const chart = (
    letter: string,
    what: string,
    of: (choice: Figure4["choices"][number], place: number) => number,
  ): Section => ({
    kind: "chart",
    chart: {
      kind: "lines",
      title: `Fig 4(${letter}): ${what}`,
      x: "place",
      y: "energy (J)",
      yUnit: "J",
      logY: true,
      mark: "dots",
      series: choices.map((choice) => ({
        name: choice.id,
        points: places.map((_, place) => [place + 1, of(choice, place)] as const),
      })),
    },
  });
  const [ps] = choices;
  return [
    {
      kind: "chart",
      chart: {
        kind: "lines",
        title: "Fig 4(a): the path round the server at (0, 0)",
        note: "Ours: the paper prints no coordinates.",
        x: "x (m)",
        y: "y (m)",
        xUnit: "m",
        yUnit: "m",
        mark: "dots",
        series: [
          {
            name: "path",
            points: places.map(({ xM = 0, yM = 0 }) => [xM, yM] as const),
            labels: places.map(({ label }) => label),
          },
        ],
      },
    },
    chart("b", "total energy", ({ path }, place) => path.deviceJ[place]! + path.radioJ[place]!),
    chart("c", "processing energy", ({ path }, place) => path.deviceJ[place]!),
    chart("d", "transmission energy", ({ path }, place) => path.radioJ[place]!),
    {
      kind: "table",
      name: "figure-4",
      title: "Fig 4: the chosen cut",
      limit: 12,
      columns: [
        { title: "place" },
        { title: "gain", align: "right" },
        { title: "cut after" },
        ...choices.map(({ id }) => ({ title: id, align: "right" as const })),
      ],
      rows: places.map(({ label, gainRatio }, place) => [
        textCell(label),
        numberWithoutUnitCell(gainRatio),
        textCell(ps?.table.cuts[ps.path.cut[place]!]?.after),
        ...choices.map(({ path }) => quantityCell(path.deviceJ[place]! + path.radioJ[place]!, "J")),
      ]),
    },
  ];
}

function curveSections(curve: KroukaFigures["curve"]): readonly Section[] {
  if (curve.length === 0) return [];
  return [
    {
      kind: "table",
      name: "figure-5",
      title: "Fig 5: energy and accuracy by compression ratio",
      columns: [
        { title: "ratio", align: "right" },
        { title: "mean energy of PS", align: "right" },
        { title: "accuracy", align: "right" },
      ],
      rows: curve.map(({ ratio, energyJ, accuracy }) => [
        numberWithoutUnitCell(ratio),
        quantityCell(energyJ, "J"),
        ratioCell(accuracy),
      ]),
    },
    {
      kind: "chart",
      chart: {
        kind: "lines",
        title: "Fig 5: mean energy of PS",
        x: "compression ratio",
        y: "energy (J)",
        yUnit: "J",
        logX: true,
        mark: "dots",
        series: [{ name: "PS at 5 MHz", points: curve.map(({ ratio, energyJ }) => [ratio, energyJ] as const) }],
      },
    },
    {
      kind: "chart",
      chart: {
        kind: "lines",
        title: "Fig 5: accuracy on the test set",
        x: "compression ratio",
        y: "accuracy",
        yUnit: "ratio",
        logX: true,
        mark: "dots",
        series: [{ name: "accuracy", points: curve.map(({ ratio, accuracy }) => [ratio, accuracy] as const) }],
      },
    },
  ];
}

export function kroukaSections({ layers, path, curve }: KroukaFigures): readonly Section[] {
  return [...layerSections(layers), ...pathSections(path), ...curveSections(curve)];
}
