// The compare view: two networks, or one network on two devices, side by side by one metric; differences stand out. Teacher and
// student, before and after pruning: parts of the same name are set beside each other.
import { useId, useMemo } from "preact/hooks";
import type { Cell, RangesChart, TableSection } from "../../report/document.ts";
import { leadEstimate } from "../../report/ranking.ts";
import { countCell, largeCountCell, quantityCell, textCell } from "../../report/show.ts";
import { formatQuantity, formatRatio } from "../../units/format.ts";
import type { ViewProps } from "../app.tsx";
import { Ranges } from "../charts/ranges.tsx";
import { useDrop } from "../drop.ts";
import type { Answer, Catalogue, Estimated } from "../engine/messages.ts";
import { Controls } from "../model/controls.tsx";
import { ModelPicker } from "../model/open-model.tsx";
import { type Opened, openFile, useCatalogue, useEstimate } from "../model/opened.ts";
import { type Part, pairParts } from "../model/pair.ts";
import { DEFAULT_DEVICES, questionOf } from "../model/question.ts";
import type { Navigation } from "../navigation.tsx";
import { ReportTable, Trouble } from "../page-parts.tsx";
import { servedModels, useServer } from "../server.ts";

const SIDES = ["a", "b"] as const;
type Side = (typeof SIDES)[number];
const DEFAULT_NETS: Readonly<Record<Side, string>> = { a: "zoo:resnet50", b: "zoo:mobilenet-v2" };

export function CompareView({ at }: ViewProps) {
  const catalogue = useCatalogue();
  const served = servedModels(useServer());
  const chosen = Object.fromEntries(
    SIDES.map((side) => [
      side,
      { net: at.param(side) ?? DEFAULT_NETS[side], device: at.param(`${side}on`) ?? DEFAULT_DEVICES[0]! },
    ]),
  ) as Readonly<Record<Side, { readonly net: string; readonly device: string }>>;
  const a = useEstimate(chosen.a.net, questionOf(at.route.params, [chosen.a.device]), served);
  const b = useEstimate(chosen.b.net, questionOf(at.route.params, [chosen.b.device]), served);
  const opened: Readonly<Record<Side, Opened>> = { a, b };
  // On the side that it falls on; beside both, the second: the first is what one comes from.
  const isOver = useDrop((file, on) => {
    const side = on?.closest<HTMLElement>("[data-side]")?.dataset.side === "a" ? "a" : "b";
    at.set({ [side]: openFile(file) });
  });
  return (
    <div class="with-controls">
      <aside>
        <details class="fold" open={innerWidth > 900}>
          <summary>What is estimated</summary>
          <Controls
            at={at}
            catalogue={catalogue}
            models={[a.model, b.model]}
            batch={a.estimated?.work.batch}
            devices={false}
          />
        </details>
      </aside>
      <div class="content" aria-busy={a.isBusy || b.isBusy}>
        <h1>Two side by side</h1>
        <p class="quiet">
          Teacher and student, before and after pruning, one device and another. A file may be dropped on its side.
        </p>
        <div class="sides">
          {SIDES.map((side) => (
            <section
              class={`side${isOver ? " over" : ""}`}
              key={side}
              data-side={side}
              aria-label={`Side ${side.toUpperCase()}`}
            >
              <h2>{side.toUpperCase()}</h2>
              <ModelPicker
                label={`Network ${side.toUpperCase()}`}
                value={chosen[side].net}
                catalogue={catalogue}
                served={served ?? []}
                onOpen={(net) => at.set({ [side]: net || undefined })}
              />
              <DeviceSelect at={at} side={side} value={chosen[side].device} catalogue={catalogue} />
              {opened[side].error !== undefined && <Trouble error={opened[side].error} />}
            </section>
          ))}
        </div>
        {a.estimated !== undefined && b.estimated !== undefined && catalogue !== undefined && (
          <Compared at={at} a={a.estimated} b={b.estimated} catalogue={catalogue} />
        )}
      </div>
    </div>
  );
}

interface DeviceSelectProps {
  readonly at: Navigation;
  readonly side: Side;
  readonly value: string;
  readonly catalogue: Catalogue | undefined;
}

function DeviceSelect({ at, side, value, catalogue }: DeviceSelectProps) {
  const id = useId();
  const devices = (catalogue?.devices ?? []).filter(({ kind }) => kind !== "memory" && kind !== "process");
  return (
    <div class="field">
      <label for={id}>Device {side.toUpperCase()}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => at.set({ [`${side}on`]: currentTarget.value })}>
        {devices.map(({ id: device, name }) => (
          <option key={device} value={device}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

interface ComparedProps {
  readonly at: Navigation;
  readonly a: Estimated;
  readonly b: Estimated;
  readonly catalogue: Catalogue;
}

/** Metrics that both sides have, the most telling one first chosen. */
function sharedMetrics(a: Estimated, b: Estimated): readonly string[] {
  return a.answers.map(({ metric }) => metric).filter((metric) => b.answers.some((each) => each.metric === metric));
}

const SAME = "the same";
const isSame = (ratio: number): boolean => Math.abs(ratio - 1) < 5e-4;

/** How joules of B look beside those of A. */
const toneOf = (from: number, to: number): string => (isSame(to / from) ? "" : to < from ? "better" : "worse");

/** "41.2 % less", "3.10 times", for people. */
function changeWords(from: number, to: number): string {
  if (from === to || isSame(to / from)) return SAME;
  if (!(from > 0) || !(to > 0)) return "–";
  const ratio = to / from;
  if (ratio < 1) return `${formatRatio(1 - ratio)} less`;
  return ratio < 2 ? `${formatRatio(ratio - 1)} more` : `${ratio.toPrecision(3)} times`;
}

function Compared({ at, a, b, catalogue }: ComparedProps) {
  const metricId = useId();
  const metrics = sharedMetrics(a, b);
  const usual = leadEstimate(a.answers.filter(({ metric }) => metrics.includes(metric)))?.metric;
  const metric = metrics.find((each) => each === at.param("metric")) ?? usual;
  const [first, second] = [a, b].map(({ answers }) => answers.find((each) => each.metric === metric));
  const names = new Map(catalogue.devices.map(({ id, name }) => [id, name]));
  const label = (estimated: Estimated, side: Side) =>
    `${side.toUpperCase()}: ${estimated.work.name} on ${names.get(estimated.answers[0]?.device ?? "") ?? "–"}`;
  const each = a.work.phase === "training" ? "sample" : "inference";
  const ranges: RangesChart = {
    kind: "ranges",
    title: `Energy per ${each} by metric`,
    note: "Dots are the estimates, lines their range from low to high.",
    axis: `energy per ${each} (J)`,
    unit: "J",
    rows: [a, b].flatMap((estimated, i) =>
      estimated.answers.map((answer) => ({
        label: label(estimated, SIDES[i]!),
        series: answer.metric,
        value: answer.perInferenceJ,
        low: answer.perInferenceLowJ,
        high: answer.perInferenceHighJ,
      })),
    ),
  };
  if (first === undefined || second === undefined)
    return <p class="warning">There is no metric that both devices have the numbers for.</p>;
  return (
    <>
      <section class="headline" aria-label="Difference">
        <p class={`big ${toneOf(first.perInferenceJ, second.perInferenceJ)}`}>
          <output>{changeWords(first.perInferenceJ, second.perInferenceJ).replace(/times$/u, "times as much")}</output>
        </p>
        <p>
          B takes {formatQuantity(second.perInferenceJ, "J")} per {each}, A {formatQuantity(first.perInferenceJ, "J")},
          modelled by {metric}
          {overlap(first, second) ? "; their ranges overlap: the difference may be none" : ""}
        </p>
      </section>
      <div class="row">
        <div class="field">
          <label for={metricId}>By</label>
          <select id={metricId} value={metric} onChange={({ currentTarget: { value } }) => at.set({ metric: value })}>
            {metrics.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </div>
      </div>
      <ReportTable section={totalsTable(a, b, first, second, each)} />
      <Ranges chart={ranges} name="comparison" />
      <Parts a={a} b={b} first={first} second={second} />
    </>
  );
}

const overlap = (a: Answer, b: Answer): boolean =>
  a.perInferenceLowJ <= b.perInferenceHighJ && b.perInferenceLowJ <= a.perInferenceHighJ;

/** What is the same stands back, so that what differs is seen. */
function differenceCell(a: number | undefined, b: number | undefined): Cell {
  if (a === undefined || b === undefined) return textCell(undefined);
  const words = changeWords(a, b);
  return textCell(words, words === SAME ? "dim" : undefined);
}

type Shown = (value: number | undefined) => Cell;

function totalsTable(a: Estimated, b: Estimated, first: Answer, second: Answer, each: string): TableSection {
  const of =
    (unit: string): Shown =>
    (value) =>
      quantityCell(value, unit);
  const rows: readonly (readonly [string, number | undefined, number | undefined, Shown])[] = [
    [`energy per ${each}`, first.perInferenceJ, second.perInferenceJ, of("J")],
    ["time of the pass", first.durationS, second.durationS, of("s")],
    [`CO2e of a million ${each}s`, first.co2eKg * 1e9, second.co2eKg * 1e9, of("g")],
    ["MACs", a.work.total.macs, b.work.total.macs, largeCountCell],
    ["FLOPs", a.work.total.flops, b.work.total.flops, largeCountCell],
    ["parameters", a.work.total.params, b.work.total.params, largeCountCell],
    ["model size", a.work.total.weightBytes, b.work.total.weightBytes, of("B")],
    ["peak activations", a.work.peakActivationBytes, b.work.peakActivationBytes, of("B")],
    ["layers", a.work.layers.length, b.work.layers.length, countCell],
  ];
  return {
    kind: "table",
    title: "Totals",
    columns: [
      { title: "" },
      { title: "A", align: "right" },
      { title: "B", align: "right" },
      { title: "B beside A", align: "right" },
    ],
    rows: rows.map(([label, x, y, show]) => [textCell(label), show(x), show(y), differenceCell(x, y)]),
  };
}

/** Rows that are shown at once. */
const MOST_ROWS = 200;

function Parts({ a, b, first, second }: { a: Estimated; b: Estimated; first: Answer; second: Answer }) {
  const { by, parts } = useMemo(() => pairParts(a.work, first, b.work, second), [a, b, first, second]);
  const most = Math.max(...parts.map(({ aJ = 0, bJ = 0 }) => Math.abs(bJ - aJ)), 0);
  return (
    <section aria-label="Part by part">
      <h2>{by === "layer" ? "Layer by layer" : "Block by block"}</h2>
      <p class="quiet">
        {by === "layer"
          ? "Layers of the same name, those that differ most first."
          : "The two share few names: blocks are set side by side, those that differ most first."}
      </p>
      <div class="scroll long" tabIndex={0} role="region" aria-label="Parts">
        <table>
          <thead>
            <tr>
              <th scope="col">{by}</th>
              {["A", "B", "B − A"].map((title) => (
                <th key={title} scope="col" class="right">
                  {title}
                </th>
              ))}
              <th scope="col" class="right">
                B beside A
              </th>
            </tr>
          </thead>
          <tbody>
            {parts.slice(0, MOST_ROWS).map((part) => (
              <PartRow key={part.name} part={part} most={most} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function PartRow({ part: { name, aJ, bJ }, most }: { readonly part: Part; readonly most: number }) {
  const differenceJ = (bJ ?? 0) - (aJ ?? 0);
  const isSame = most === 0 || Math.abs(differenceJ) < 1e-3 * most;
  const words = aJ === undefined ? "only in B" : bJ === undefined ? "only in A" : changeWords(aJ, bJ);
  return (
    <tr class={isSame ? "same" : undefined}>
      <th scope="row">{name}</th>
      <td class="right">{formatQuantity(aJ, "J")}</td>
      <td class="right">{formatQuantity(bJ, "J")}</td>
      <td
        class={`right bar ${isSame ? "" : differenceJ < 0 ? "better" : "worse"}`}
        style={{ "--share": `${most > 0 ? (Math.abs(differenceJ) / most) * 100 : 0}%` }}
      >
        {formatQuantity(differenceJ, "J")}
      </td>
      <td class="right">{words}</td>
    </tr>
  );
}
