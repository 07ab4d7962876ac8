// When inference has cost as much as training: the user's training energy and rate in, the number of inferences and the curve out.
import { useId } from "preact/hooks";
import { breakEven } from "../../carbon/break-even.ts";
import type { LinesChart } from "../../report/document.ts";
import { estimateCharts } from "../../report/estimate-charts.ts";
import { durationCell, largeCountCell, quantityCell } from "../../report/show.ts";
import { formatQuantity } from "../../units/format.ts";
import { InputError } from "../../units/input-error.ts";
import { parseQuantity } from "../../units/parse.ts";
import { exact } from "../../units/range.ts";
import { Lines } from "../charts/lines.tsx";
import type { Answer, Estimated } from "../engine/messages.ts";
import type { Navigation } from "../navigation.tsx";
import { Facts } from "../page-parts.tsx";
import { Amount } from "./controls.tsx";
import { positiveOf } from "./question.ts";

/** Joules of "40 MJ" or "12 kWh", or why it is none. */
function trainingOf(text: string): number | InputError | undefined {
  if (text.trim() === "") return undefined;
  try {
    const energyJ = parseQuantity(text, "J", "training energy");
    return energyJ > 0 ? energyJ : new InputError("out-of-range", "training energy must be above 0", "write 40 MJ");
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
}

export interface BreakEvenProps {
  readonly at: Navigation;
  readonly estimated: Estimated;
  readonly lead: Answer;
  readonly deviceName: string;
}

export function BreakEvenPart({ at, estimated, lead, deviceName }: BreakEvenProps) {
  const id = useId();
  const text = at.param("train") ?? "";
  const training = trainingOf(text);
  const ratePerS = positiveOf(at.param("rate"));
  const trainingJ = typeof training === "number" ? training : undefined;
  return (
    <section aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>Break-even with training</h2>
      <div class="row">
        <div class="field">
          <label for={id}>Energy of training</label>
          <input
            id={id}
            type="text"
            value={text}
            placeholder="such as 40 MJ or 12 kWh"
            aria-invalid={training instanceof InputError}
            aria-describedby={`${id}-problem`}
            onChange={({ currentTarget: { value } }) => at.set({ train: value || undefined })}
          />
          <p id={`${id}-problem`} class="hint warning">
            {training instanceof InputError ? `${training.message}: ${training.hint}` : ""}
          </p>
        </div>
        <Amount
          label="Inferences per second"
          value={ratePerS}
          least={0.01}
          most={100_000}
          onChange={(value, isSmall) => at.set({ rate: value }, isSmall)}
        />
      </div>
      {text.trim() === "" && (
        <p class="quiet">
          Give what training took, as <code>joulecast run</code> measures it: here you then see after how many
          inferences they have taken as much.
        </p>
      )}
      {trainingJ !== undefined && (
        <Answered estimated={estimated} lead={lead} deviceName={deviceName} trainingJ={trainingJ} ratePerS={ratePerS} />
      )}
    </section>
  );
}

interface AnsweredProps extends Pick<BreakEvenProps, "estimated" | "lead" | "deviceName"> {
  readonly trainingJ: number;
  readonly ratePerS: number | undefined;
}

function Answered({ estimated, lead, deviceName, trainingJ, ratePerS }: AnsweredProps) {
  const inference = { value: lead.perInferenceJ, low: lead.perInferenceLowJ, high: lead.perInferenceHighJ };
  const { inferences, seconds } = breakEven(exact(trainingJ), inference, ratePerS === undefined ? {} : { ratePerS });
  const chart = estimateCharts(estimated.work, estimated.answers, trainingJ).training[0]?.chart as
    | LinesChart
    | undefined;
  return (
    <>
      <Facts
        facts={[
          { label: `inferences by ${lead.metric} on ${deviceName}`, cell: largeCountCell(inferences?.value) },
          { label: "reached in, at that rate", cell: durationCell(seconds?.value) },
          { label: "energy of training", cell: quantityCell(trainingJ, "J") },
        ]}
      />
      {chart !== undefined && (
        <Lines
          chart={chart}
          name="break-even"
          rules={
            inferences === undefined
              ? []
              : [{ x: inferences.value, label: `break-even, ${formatQuantity(inferences.value, "")}` }]
          }
        />
      )}
    </>
  );
}
