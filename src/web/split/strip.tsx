// The network as a row of layers, those on the device filled; the cut stands between them, and moves with the channel.
import type { TableSection } from "../../report/document.ts";
import { quantityCell, textCell } from "../../report/show.ts";
import { formatQuantity } from "../../units/format.ts";
import { Figure } from "../charts/figure.tsx";
import type { SplitAnswer } from "../engine/messages.ts";
import type { Decision } from "./decision.ts";

const HEIGHT = 40;
const TOP = 26;

export interface StripProps {
  readonly split: SplitAnswer;
  readonly decision: Decision;
}

function table({ table: { cuts, bits } }: SplitAnswer, { answers }: Decision): TableSection {
  return {
    kind: "table",
    columns: ["cut after", "sent", "device", "radio", "total"].map((title) => ({ title })),
    rows: answers.map(({ cut, deviceJ, radioJ, totalJ }) => [
      textCell(cuts[cut]!.after),
      quantityCell(bits[cut]! / 8, "B"),
      quantityCell(deviceJ, "J"),
      quantityCell(radioJ, "J"),
      quantityCell(totalJ, "J"),
    ]),
  };
}

export function Strip({ split, decision }: StripProps) {
  const { layers, table: costs } = split;
  const cut = decision.best === undefined ? undefined : costs.cuts[decision.best];
  return (
    <Figure
      title="Where the network is cut"
      name="cut"
      table={() => table(split, decision)}
      note="Filled layers run on the device, the others on the server; what crosses the line is sent."
    >
      {({ width, titleId, show }) => {
        const each = width / layers.length;
        const at = (cut?.layers ?? layers.length) * each;
        return (
          <svg width={width} height={TOP + HEIGHT + 24} role="img" aria-labelledby={titleId}>
            {layers.map(({ name, op }, i) => (
              <rect
                key={name}
                class={cut?.onDevice[i] === 1 ? "on-device" : "on-server"}
                x={i * each + Math.min(1, each / 6)}
                y={TOP}
                width={Math.max(0.5, each - Math.min(2, each / 3))}
                height={HEIGHT}
                rx={Math.min(3, each / 4)}
                onPointerEnter={() => show({ x: (i + 0.5) * each, y: TOP + HEIGHT, lines: [name, op] })}
              />
            ))}
            {cut !== undefined && (
              <g>
                <line class="cut" x1={at} x2={at} y1={TOP - 8} y2={TOP + HEIGHT + 8} />
                <text
                  x={at}
                  y={TOP - 13}
                  text-anchor={at > width * 0.7 ? "end" : at < width * 0.3 ? "start" : "middle"}
                >
                  {cut.isLocal ? "all on the device" : `sends ${formatQuantity(cut.sentBits / 8, "B")}`}
                </text>
              </g>
            )}
            <text class="axis-title" x={0} y={TOP + HEIGHT + 20}>
              input
            </text>
            <text class="axis-title" x={width} y={TOP + HEIGHT + 20} text-anchor="end">
              output, layers in order
            </text>
          </svg>
        );
      }}
    </Figure>
  );
}
