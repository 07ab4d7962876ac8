// A tree of blocks as rows of boxes: as wide as their joules, in the network's order, darker where more is spent. Arrow keys walk it;
// a block opens on click, a layer is chosen. Boxes narrower than a pixel are left out: the table beside it has every layer.
import { useMemo } from "preact/hooks";
import { tick } from "../../report/charts/frame.ts";
import type { TableSection } from "../../report/document.ts";
import { quantityCell, ratioCell, textCell } from "../../report/show.ts";
import { shorten } from "../../report/width.ts";
import { formatQuantity, formatRatio } from "../../units/format.ts";
import { type Block, trailTo } from "../model/tree.ts";
import { type DrawingArea, Figure } from "./figure.tsx";
import { linearScale } from "./scale.ts";

const ROW = 34;
const AXIS = 40;
const MOST_ROWS = 6;
const CHARACTER = 7.3;
/** Characters below which a word says nothing. */
const LEAST_ROOM = 4;
/** Up to which heat words are set as on the page, by theme (page.css): the colours in between carry both kinds badly. */
const ZONES = [
  [0.55, "cool"],
  [0.7, "warm"],
  [1, "hot"],
] as const;

export interface IcicleProps {
  readonly title: string;
  readonly note: string;
  readonly root: Block;
  /** Path of the block that fills the width; "" for all. */
  readonly focus: string;
  /** Path of the layer that is shown beside it. */
  readonly chosen: string | undefined;
  onFocusBlock(path: string): void;
  onChoose(layer: string): void;
}

interface Box {
  readonly block: Block;
  readonly row: number;
  /** In [0, 1] of the width. */
  readonly from: number;
  readonly to: number;
}

function boxesOf(block: Block, row: number, from: number, to: number, width: number): Box[] {
  if ((to - from) * width < 1 || row >= MOST_ROWS) return [];
  let start = from;
  const below = block.children.flatMap((child) => {
    const end = start + (block.energyJ > 0 ? ((to - from) * child.energyJ) / block.energyJ : 0);
    const boxes = boxesOf(child, row + 1, start, end, width);
    start = end;
    return boxes;
  });
  return [{ block, row, from, to }, ...below];
}

function layersOf(block: Block): Block[] {
  return block.children.length === 0 ? [block] : block.children.flatMap(layersOf);
}

function table(root: Block): TableSection {
  return {
    kind: "table",
    columns: [{ title: "layer" }, { title: "energy" }, { title: "share" }],
    rows: layersOf(root).map(({ path, energyJ }) => [
      textCell(path),
      quantityCell(energyJ, "J"),
      ratioCell(root.energyJ > 0 ? energyJ / root.energyJ : 0),
    ]),
  };
}

export function Icicle(props: IcicleProps) {
  const trail = trailTo(props.root, props.focus);
  return (
    <Figure
      title={props.title}
      note={props.note}
      name="joules-by-block"
      table={() => table(props.root)}
      before={
        trail.length > 1 && (
          <nav class="trail" aria-label="Block that is shown">
            {trail.map((block, i) => (
              <span key={block.path}>
                {i > 0 && <span aria-hidden="true"> › </span>}
                <button
                  type="button"
                  class="plain"
                  aria-current={i === trail.length - 1 ? "true" : undefined}
                  onClick={() => props.onFocusBlock(block.path)}
                >
                  {shorten(block.label, 40)}
                </button>
              </span>
            ))}
          </nav>
        )
      }
    >
      {(area) => <Rows {...props} shown={trail.at(-1)!} area={area} />}
    </Figure>
  );
}

function Rows(props: IcicleProps & { readonly shown: Block; readonly area: DrawingArea }) {
  const { root, shown, area, chosen, onFocusBlock, onChoose } = props;
  const { width, titleId, show } = area;
  const boxes = useMemo(() => boxesOf(shown, 0, 0, 1, width), [shown, width]);
  const rows = boxes.reduce((most, { row }) => Math.max(most, row), 0) + 1;
  const most = useMemo(() => Math.max(...layersOf(root).map(({ energyJ }) => energyJ)), [root]);
  const scale = linearScale([0, shown.energyJ], [0, width], width < 480 ? 4 : 8);
  const heatOf = (block: Block): number =>
    Math.sqrt(Math.min(1, block.energyJ / (block.children.length > 0 ? root.energyJ : most) || 0));
  const act = ({ block }: Box) => (block.children.length > 0 ? onFocusBlock(block.path) : onChoose(block.path));
  const tell = ({ block, row, from, to }: Box) =>
    show({
      x: ((from + to) / 2) * width,
      y: row * ROW + ROW + 4,
      lines: [
        block.path === "" ? block.label : block.path,
        `${formatQuantity(block.energyJ, "J")}, ${formatRatio(root.energyJ > 0 ? block.energyJ / root.energyJ : 0)}`,
        block.children.length > 0 ? `${block.layers} layers` : "",
      ].filter((line) => line !== ""),
    });
  const walk = (event: KeyboardEvent, i: number) => {
    const { row, from, to } = boxes[i]!;
    const middle = (from + to) / 2;
    const targets: Readonly<Record<string, () => Box | undefined>> = {
      ArrowRight: () => boxes.find((box) => box.row === row && box.from >= to - 1e-9),
      ArrowLeft: () => boxes.findLast((box) => box.row === row && box.to <= from + 1e-9),
      ArrowDown: () => boxes.find((box) => box.row === row + 1 && box.from >= from - 1e-9 && box.to <= to + 1e-9),
      ArrowUp: () => boxes.find((box) => box.row === row - 1 && box.from <= middle && box.to >= middle),
    };
    const target = targets[event.key]?.();
    if (event.key === "Enter" || event.key === " ") act(boxes[i]!);
    else if (target === undefined) return;
    event.preventDefault();
    const svg = (event.currentTarget as SVGElement).ownerSVGElement!;
    if (target !== undefined) svg.querySelectorAll<SVGElement>(".box")[boxes.indexOf(target)]?.focus();
  };
  return (
    <svg width={width} height={rows * ROW + AXIS} role="group" aria-labelledby={titleId}>
      {boxes.map((box, i) => {
        const { block, row, from, to } = box;
        const [x, wide] = [from * width, (to - from) * width];
        const heat = heatOf(block);
        const isChosen = block.path === chosen;
        return (
          <g
            key={`${row} ${block.path} ${block.label}`}
            class={`box${isChosen ? " chosen" : ""}${block.children.length > 0 ? " block" : ""}`}
            role="button"
            tabindex={i === 0 ? 0 : -1}
            aria-label={`${block.path === "" ? block.label : block.path}: ${formatQuantity(block.energyJ, "J")}`}
            aria-pressed={isChosen}
            onClick={() => act(box)}
            onKeyDown={(event) => walk(event, i)}
            onPointerEnter={() => tell(box)}
            onFocus={() => tell(box)}
            onBlur={() => show(undefined)}
          >
            <rect
              x={x + 0.5}
              y={row * ROW + 0.5}
              width={Math.max(0.5, wide - 1)}
              height={ROW - 2}
              rx={Math.min(4, wide / 4)}
              style={{ fill: `color-mix(in srgb, var(--heat-high) ${(heat * 100).toFixed(1)}%, var(--heat-low))` }}
            />
          </g>
        );
      })}
      <g aria-hidden="true">
        {scale.ticks.map((value) => (
          <text
            key={value}
            class="tick"
            x={scale.at(value)}
            y={rows * ROW + 14}
            text-anchor={scale.at(value) < 20 ? "start" : scale.at(value) > width - 20 ? "end" : "middle"}
          >
            {tick(value, "J")}
          </text>
        ))}
        <text class="axis-title" x={width / 2} y={rows * ROW + 34} text-anchor="middle">
          energy (J)
        </text>
      </g>
      {/* Words apart from the boxes, whose names are said in full. */}
      <g class="words" aria-hidden="true">
        {boxes.map(({ block, row, from, to }) => {
          const room = Math.floor(((to - from) * width - 10) / CHARACTER);
          return (
            room >= LEAST_ROOM && (
              <text
                key={`${row} ${block.path} ${block.label}`}
                x={from * width + 6}
                y={row * ROW + ROW / 2 + 4}
                class={ZONES.find(([least]) => heatOf(block) <= least)![1]}
              >
                {shorten(block.label, room)}
              </text>
            )
          );
        })}
      </g>
    </svg>
  );
}
