// The model view: one network, its joules by device and metric, where they go, and what that means over time.
import { useEffect, useId, useMemo, useRef } from "preact/hooks";
import { METRICS } from "../../estimate/table.ts";
import { assumptionNotes } from "../../report/assumption-notes.ts";
import type { ChartSection, LinesChart, RangesChart } from "../../report/document.ts";
import { estimateCharts } from "../../report/estimate-charts.ts";
import { leadEstimate, rankedCosts } from "../../report/ranking.ts";
import { durationCell, massCell, quantityCell, rangeText } from "../../report/show.ts";
import { incompleteWarning, totalFacts } from "../../report/work-sections.ts";
import { formatCount, formatDuration, formatNumber, formatQuantity } from "../../units/format.ts";
import type { ViewProps } from "../app.tsx";
import { Icicle } from "../charts/icicle.tsx";
import { Lines } from "../charts/lines.tsx";
import { Ranges } from "../charts/ranges.tsx";
import type { Answer, Catalogue, Estimated } from "../engine/messages.ts";
import { PROCESS } from "../engine/process.ts";
import { BreakEvenPart } from "../model/break-even.tsx";
import { Controls } from "../model/controls.tsx";
import { LayerDetail } from "../model/layer-detail.tsx";
import { LayersTable } from "../model/layers-table.tsx";
import { ModelPicker, useModelDrop, Welcome } from "../model/open-model.tsx";
import { OPEN_DIMENSION, useCatalogue, useEstimate } from "../model/opened.ts";
import { questionOf } from "../model/question.ts";
import { blockTree } from "../model/tree.ts";
import type { Navigation } from "../navigation.tsx";
import { Facts, Notes, Trouble } from "../page-parts.tsx";
import { servedModels, useServer } from "../server.ts";

/** Parameters that are about one network's parts: another network starts without them. */
const OF_ONE_NETWORK = ["layer", "block", "q"];

/** What a person would call the word of the address. */
const nameOf = (word: string): string => word.replace(/^(?:file|zoo|served):/u, "");

export function ModelView({ at }: ViewProps) {
  const catalogue = useCatalogue();
  const server = useServer();
  const served = servedModels(server);
  const word = at.param("net");
  const question = questionOf(at.route.params);
  const { model, estimated, error, isBusy } = useEstimate(word, question, served);
  const open = (net: string) =>
    at.set({ net: net || undefined, ...Object.fromEntries(OF_ONE_NETWORK.map((name) => [name, undefined])) });
  const isOver = useModelDrop(open);
  const picker = { catalogue, served: served ?? [], onOpen: open };
  if (word === undefined) return <Welcome {...picker} isOver={isOver} />;
  return (
    <div class={`with-controls${isOver ? " over" : ""}`}>
      <aside>
        <ModelPicker {...picker} label="Network" value={word} />
        <details class="fold" open={innerWidth > 900 || error?.code === OPEN_DIMENSION}>
          <summary>What is estimated</summary>
          <Controls at={at} catalogue={catalogue} models={[model]} batch={estimated?.work.batch} />
        </details>
      </aside>
      <div class="content" aria-busy={isBusy}>
        <h1>{estimated?.work.name ?? model?.name ?? nameOf(word)}</h1>
        {error !== undefined && <Trouble error={error} />}
        {isBusy && estimated === undefined && (
          <p class="quiet" role="status">
            counting …
          </p>
        )}
        {estimated !== undefined && catalogue !== undefined && (
          <Answers at={at} estimated={estimated} catalogue={catalogue} peakShareRatio={question.peakShareRatio} />
        )}
      </div>
    </div>
  );
}

interface AnswersProps {
  readonly at: Navigation;
  readonly estimated: Estimated;
  readonly catalogue: Catalogue;
  readonly peakShareRatio: number;
}

/** The answer that the address names, else the first device's most telling one. */
function leadOf(
  answers: readonly Answer[],
  device: string | undefined,
  metric: string | undefined,
): Answer | undefined {
  const own = answers.filter((answer) => answer.device === device);
  const candidates = own.length > 0 ? own : answers;
  return candidates.find((answer) => answer.metric === metric) ?? leadEstimate(candidates);
}

const chartOf = <C extends ChartSection["chart"]>(sections: readonly ChartSection[], kind: C["kind"]): C | undefined =>
  sections.map(({ chart }) => chart).find((chart): chart is C => chart.kind === kind);

function Answers({ at, estimated, catalogue, peakShareRatio }: AnswersProps) {
  const { work, answers, missing } = estimated;
  const lead = leadOf(answers, at.param("device"), at.param("metric"));
  const names = new Map(catalogue.devices.map(({ id, name }) => [id, name]));
  const warning = incompleteWarning(work, "totals and energies are lower bounds")[0];
  const named = useMemo(
    () => answers.map((answer) => ({ ...answer, device: names.get(answer.device) ?? answer.device })),
    [answers],
  );
  const ranges = chartOf<RangesChart>(estimateCharts(work, named, undefined).devices, "ranges");
  return (
    <>
      <p class="quiet">
        {work.phase === "training" ? "one training step" : "one inference pass"}, batch {formatCount(work.batch)}; grid
        of {estimated.grid.name}, {formatNumber(estimated.grid.kgPerKwh)} kg CO2e/kWh
      </p>
      {warning?.kind === "notes" && <p class="warning">{warning.notes.join(" ")}</p>}
      {lead !== undefined && (
        <Headline lead={lead} device={names.get(lead.device) ?? lead.device} estimated={estimated} />
      )}
      <Facts facts={totalFacts(work)} />
      {ranges !== undefined && <Ranges chart={ranges} name="devices-and-metrics" />}
      {lead !== undefined && (
        <WhereJoulesGo
          at={at}
          estimated={estimated}
          lead={lead}
          catalogue={catalogue}
          peakShareRatio={peakShareRatio}
        />
      )}
      {lead !== undefined && work.phase === "inference" && (
        <BreakEvenPart at={at} estimated={estimated} lead={lead} deviceName={names.get(lead.device) ?? lead.device} />
      )}
      <section aria-label="What the numbers stand on">
        <Notes title="Assumptions" notes={assumptionNotes(work.assumptions, answers)} />
        <Notes
          title="Not estimated: numbers that are missing"
          notes={missing.map(
            (one) => `${one.metric} on ${names.get(one.device) ?? one.device}: ${one.needs.join(", ")}`,
          )}
        />
        <Notes
          title="Layers that could not be counted"
          notes={work.unknown.map(({ layer, op, reason }) => `${layer} (${op}): ${reason}`)}
        />
        <Notes
          title="How each metric turns work into joules"
          notes={METRICS.map(({ id, equation, caution, source }) => `${id}: ${equation}. ${caution} ${source}`)}
        />
      </section>
    </>
  );
}

/** Inferences that CO2e is given for: of one it is too little to mean something. */
const MANY = 1e6;

interface HeadlineProps {
  readonly lead: Answer;
  readonly device: string;
  readonly estimated: Estimated;
}

function Headline({ lead, device, estimated }: HeadlineProps) {
  const each = estimated.work.phase === "training" ? "sample" : "inference";
  return (
    <section class="headline" aria-label="Energy">
      <p class="big">
        <output>{formatQuantity(lead.perInferenceJ, "J")}</output> <span class="quiet">per {each}</span>
      </p>
      <p>
        modelled by {lead.metric} on {device}, {rangeText(lead.perInferenceLowJ, lead.perInferenceHighJ, "J")}
      </p>
      <Facts
        facts={[
          ...(lead.durationS === undefined ? [] : [{ label: "time of the pass", cell: durationCell(lead.durationS) }]),
          { label: `energy of a million ${each}s`, cell: quantityCell(lead.perInferenceJ * MANY, "J") },
          { label: `CO2e of a million ${each}s`, cell: massCell(lead.co2eKg * MANY) },
        ]}
      />
    </section>
  );
}

/** Of a layer's detail: less than this is as good as nothing. */
const SEEN_PX = 120;

interface WhereProps extends AnswersProps {
  readonly lead: Answer;
}

function WhereJoulesGo({ at, estimated, lead, catalogue, peakShareRatio }: WhereProps) {
  const { work, answers } = estimated;
  const deviceId = useId();
  const metricId = useId();
  const tree = useMemo(() => blockTree(work.name, lead.layers), [work, lead]);
  const costs = useMemo(() => rankedCosts(work, lead).layers, [work, lead]);
  const chosen = costs.find(({ name }) => name === at.param("layer"));
  const hardware = (id: string) => catalogue.devices.find((device) => device.id === id)!;
  const devices = [...new Set(answers.map(({ device }) => device))];
  const own = answers.filter(({ device }) => device === lead.device);
  const curve = chartOf<LinesChart>(estimateCharts(work, own, undefined).layers, "lines");
  const beside = useRef<HTMLDivElement>(null);
  const isWanted = useRef(false);
  const choose = (layer: string) => {
    isWanted.current = true;
    at.set({ layer });
  };
  // Who chose it shall see it: on a phone it may stand a screen away. A link alone does not move the page.
  useEffect(() => {
    const detail = beside.current?.querySelector(".detail");
    if (!isWanted.current || !detail) return;
    isWanted.current = false;
    const { top, bottom } = detail.getBoundingClientRect();
    if (top > innerHeight - SEEN_PX || bottom < SEEN_PX) detail.scrollIntoView({ block: "nearest" });
  }, [chosen?.name]);
  return (
    <section aria-labelledby={`${deviceId}-title`}>
      <h2 id={`${deviceId}-title`}>Where the joules go</h2>
      <div class="row">
        <div class="field">
          <label for={deviceId}>On</label>
          <select
            id={deviceId}
            value={lead.device}
            onChange={({ currentTarget: { value } }) => at.set({ device: value })}
          >
            {devices.map((device) => (
              <option key={device} value={device}>
                {hardware(device).name}
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for={metricId}>By</label>
          <select
            id={metricId}
            value={lead.metric}
            onChange={({ currentTarget: { value } }) => at.set({ metric: value })}
          >
            {own.map(({ metric }) => (
              <option key={metric} value={metric}>
                {metric}
              </option>
            ))}
          </select>
        </div>
      </div>
      <Icicle
        title={`Blocks and layers by joules, from input to output`}
        note={`Width is energy by ${lead.metric} (J): ${formatQuantity(lead.energyJ, "J")} in all${lead.durationS === undefined ? "" : ` in ${formatDuration(lead.durationS)}`}. The stronger the colour, the more joules. Open a block to see inside, choose a layer to see its equation.`}
        root={tree}
        focus={at.param("block") ?? ""}
        chosen={chosen?.name}
        onFocusBlock={(path) => at.set({ block: path || undefined })}
        onChoose={choose}
      />
      <div class={chosen === undefined ? undefined : "beside"} ref={beside}>
        <LayersTable at={at} costs={costs} chosen={chosen?.name} onChoose={choose} />
        {chosen !== undefined && (
          <LayerDetail
            cost={chosen}
            work={work}
            metric={lead.metric}
            device={hardware(lead.device)}
            process={hardware(PROCESS)}
            peakShareRatio={peakShareRatio}
            onClose={() => {
              at.set({ layer: undefined });
              // Back to where it was chosen: who uses the keyboard goes on from there.
              const rows = beside.current?.querySelectorAll<HTMLElement>("tbody th button") ?? [];
              [...rows].find(({ title }) => title === chosen.name)?.focus();
            }}
          />
        )}
      </div>
      {curve !== undefined && <Lines chart={curve} name="cumulative-share" />}
    </section>
  );
}
