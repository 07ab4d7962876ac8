// One layer: its shapes, its work, and the chosen metric's equation with its numbers filled in.
import type { Hardware } from "../../hardware/hardware.ts";
import type { LayerCost } from "../../report/ranking.ts";
import { countCell, largeCountCell, quantityCell, ratioCell, shapeCell, textCell } from "../../report/show.ts";
import { formatQuantity } from "../../units/format.ts";
import type { WorkReport } from "../../work/work.ts";
import { Facts } from "../page-parts.tsx";
import { formulaOf } from "./formula.ts";

export interface LayerDetailProps {
  readonly cost: LayerCost;
  readonly work: WorkReport;
  readonly metric: string;
  readonly device: Hardware;
  readonly process: Hardware;
  readonly peakShareRatio: number;
  onClose(): void;
}

export function LayerDetail({ cost, work, metric, device, process, peakShareRatio, onClose }: LayerDetailProps) {
  const { layer } = cost;
  if (layer === undefined) return null;
  const formula = formulaOf(metric, { layer, work, hardware: device, process, peakShareRatio });
  return (
    <section class="detail" aria-label={`Layer ${cost.name}`}>
      <div class="detail-head">
        <h4>{cost.name}</h4>
        <button type="button" class="plain" onClick={onClose} aria-label="Close the layer">
          ×
        </button>
      </div>
      <p class="big">
        {formatQuantity(cost.energyJ, "J")} <span class="quiet">{ratioCell(cost.share).text} of the network</span>
      </p>
      <Facts
        facts={[
          { label: "operator", cell: textCell(layer.op) },
          { label: "arithmetic", cell: textCell(layer.dtype) },
          { label: "input", cell: shapeCell(layer.inputShape) },
          { label: "output", cell: shapeCell(layer.outputShape) },
          { label: "MACs", cell: largeCountCell(layer.macs) },
          { label: "FLOPs", cell: largeCountCell(layer.flops) },
          { label: "parameters", cell: countCell(layer.params) },
          { label: "weights", cell: quantityCell(layer.weightBytes, "B") },
          { label: "read", cell: quantityCell(layer.readBytes, "B") },
          { label: "written", cell: quantityCell(layer.writtenBytes, "B") },
        ]}
      />
      {formula !== undefined && (
        <div class="formula">
          <p class="quiet">
            {metric} on {device.name}
          </p>
          <p>
            <code>{formula.equation}</code>
          </p>
          <table aria-label="The equation with its numbers">
            <tbody>
              {formula.steps.map(({ name, terms, result }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>= {terms}</td>
                  <td class="right">= {result}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
