// The split view: one network on a device and a server, a slider for the channel, the cut that takes the fewest joules of the device,
// and a walk on which it moves.
import { useEffect, useId, useMemo, useState } from "preact/hooks";
import type { LinesChart } from "../../report/document.ts";
import { durationCell, quantityCell, textCell } from "../../report/show.ts";
import type { Cut } from "../../split/cuts.ts";
import { NO_CUT } from "../../split/decide.ts";
import { FEATURE_BITS, type FeatureBits } from "../../split/features.ts";
import { DEFAULT_RADIO } from "../../split/radio.ts";
import { formatNumber, formatQuantity } from "../../units/format.ts";
import type { ViewProps } from "../app.tsx";
import { Lines } from "../charts/lines.tsx";
import type { Catalogue, SplitAnswer } from "../engine/messages.ts";
import { PROCESS } from "../engine/process.ts";
import { Amount } from "../model/controls.tsx";
import { ModelPicker, useModelDrop } from "../model/open-model.tsx";
import { OPEN_DIMENSION, useCatalogue, useSplit } from "../model/opened.ts";
import { countOf, positiveOf, questionOf } from "../model/question.ts";
import type { Navigation } from "../navigation.tsx";
import { Facts, Notes, ReportTable, Trouble } from "../page-parts.tsx";
import { servedModels, useServer } from "../server.ts";
import { type Decision, decisionAt, type Walked, walked } from "../split/decision.ts";
import { Strip } from "../split/strip.tsx";

const DEFAULT_NET = "zoo:mnist-cnn";
const [LEAST_DB, MOST_DB] = [-40, 40];
/** Time at one place of the walk while it plays, ms. */
const STEP_MS = 700;

/** Decibels of the address, within the slider. */
function gainDbOf(text: string | undefined): number {
  const value = Number(text);
  return text !== undefined && Number.isFinite(value) ? Math.max(LEAST_DB, Math.min(MOST_DB, value)) : 0;
}

const ratioOf = (gainDb: number): number => 10 ** (gainDb / 10);
const dbOf = (ratio: number): number => 10 * Math.log10(ratio);

const radioOf = (at: Navigation) => {
  const [bandwidthHz, powerW, noiseWPerHz] = ["bw", "power", "noise"].map((name) => positiveOf(at.param(name)));
  return {
    ...(bandwidthHz !== undefined && { bandwidthHz }),
    ...(powerW !== undefined && { powerW }),
    ...(noiseWPerHz !== undefined && { noiseWPerHz }),
  };
};

export function SplitView({ at }: ViewProps) {
  const catalogue = useCatalogue();
  const served = servedModels(useServer());
  const net = at.param("net") ?? DEFAULT_NET;
  const { dims, batch } = questionOf(at.route.params);
  const server = at.param("server");
  const bits = FEATURE_BITS.find((each) => String(each) === at.param("bits")) ?? 32;
  const question = {
    device: at.param("on") ?? PROCESS,
    dims,
    bits,
    allowRaw: at.param("raw") === "yes",
    ...(batch !== undefined && { batch }),
    ...(server !== undefined && { server }),
  };
  const { estimated: split, error, isBusy, model } = useSplit(net, question, served);
  const open = (word: string) => at.set({ net: word || undefined });
  const isOver = useModelDrop(open);
  return (
    <div class={`with-controls${isOver ? " over" : ""}`}>
      <aside>
        <ModelPicker label="Network" value={net} catalogue={catalogue} served={served ?? []} onOpen={open} />
        <details class="fold" open={innerWidth > 900 || error?.code === OPEN_DIMENSION}>
          <summary>Machines and radio</summary>
          <RadioControls at={at} catalogue={catalogue} bits={bits} />
        </details>
      </aside>
      <div class="content" aria-busy={isBusy}>
        <h1>{model?.name ?? net.replace(/^\w+:/u, "")}, split over a link</h1>
        {error !== undefined && <Trouble error={error} />}
        {split !== undefined && <Answered at={at} split={split} />}
      </div>
    </div>
  );
}

interface RadioControlsProps {
  readonly at: Navigation;
  readonly catalogue: Catalogue | undefined;
  readonly bits: FeatureBits;
}

function RadioControls({ at, catalogue, bits }: RadioControlsProps) {
  const ids = [useId(), useId(), useId(), useId()] as const;
  const devices = (catalogue?.devices ?? []).filter(({ kind }) => kind !== "memory");
  const change = (name: string) => (value: string | undefined, isSmall: boolean) => at.set({ [name]: value }, isSmall);
  const options = devices.map(({ id, name }) => (
    <option key={id} value={id}>
      {name}
    </option>
  ));
  return (
    <form class="controls" aria-label="Machines and radio" onSubmit={(event) => event.preventDefault()}>
      <div class="field">
        <label for={ids[0]}>Device</label>
        <select
          id={ids[0]}
          value={at.param("on") ?? PROCESS}
          onChange={({ currentTarget: { value } }) => at.set({ on: value === PROCESS ? undefined : value })}
        >
          {options}
        </select>
      </div>
      <div class="field">
        <label for={ids[1]}>Server</label>
        <select
          id={ids[1]}
          value={at.param("server") ?? ""}
          onChange={({ currentTarget: { value } }) => at.set({ server: value || undefined })}
        >
          <option value="">not asked for</option>
          {options}
        </select>
      </div>
      <Amount
        label="Bandwidth (Hz)"
        value={positiveOf(at.param("bw"))}
        placeholder={DEFAULT_RADIO.bandwidthHz.toExponential()}
        least={1e4}
        most={1e9}
        onChange={change("bw")}
      />
      <Amount
        label="Radiated power (W)"
        value={positiveOf(at.param("power"))}
        placeholder={String(DEFAULT_RADIO.powerW)}
        least={1e-6}
        most={10}
        onChange={change("power")}
      />
      <Amount
        label="Noise N0 (W/Hz)"
        value={positiveOf(at.param("noise"))}
        placeholder={String(DEFAULT_RADIO.noiseWPerHz)}
        least={1e-21}
        most={1e-6}
        hint="1e-9 is the paper's, for a channel of unit gain"
        onChange={change("noise")}
      />
      <div class="field">
        <label for={ids[2]}>Bits of a sent number</label>
        <select
          id={ids[2]}
          value={bits}
          onChange={({ currentTarget: { value } }) => at.set({ bits: value === "32" ? undefined : value })}
        >
          {FEATURE_BITS.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      </div>
      <div class="choice">
        <input
          id={ids[3]}
          type="checkbox"
          checked={at.param("raw") === "yes"}
          onChange={({ currentTarget: { checked } }) => at.set({ raw: checked ? "yes" : undefined })}
        />
        <label for={ids[3]}>the raw input may be sent</label>
      </div>
    </form>
  );
}

function cutWords(cut: Cut | undefined): string {
  if (cut === undefined) return "nothing can be sent";
  return cut.isLocal ? "all on the device" : `cut after ${cut.after}`;
}

function Answered({ at, split }: { readonly at: Navigation; readonly split: SplitAnswer }) {
  const gainId = useId();
  const radio = radioOf(at);
  const seed = countOf(at.param("seed")) ?? 1;
  const gainDb = gainDbOf(at.param("gain"));
  const radioText = JSON.stringify(radio);
  const decision = useMemo(() => decisionAt(split.table, radio, ratioOf(gainDb)), [split, radioText, gainDb]);
  const walk = useMemo(() => walked(split.table, radio, seed), [split, radioText, seed]);
  const best = decision.best === undefined ? undefined : decision.answers[decision.best];
  const cut = decision.best === undefined ? undefined : split.table.cuts[decision.best];
  return (
    <>
      <div class="field channel">
        <label for={gainId}>
          Channel gain |h|²: <strong>{formatNumber(gainDb)} dB</strong>
        </label>
        <input
          id={gainId}
          type="range"
          min={LEAST_DB}
          max={MOST_DB}
          step={0.5}
          value={gainDb}
          aria-valuetext={`${gainDb} decibels`}
          onInput={({ currentTarget: { value } }) => at.set({ gain: value === "0" ? undefined : value }, true)}
        />
      </div>
      <section class="headline" aria-label="Best cut">
        <p class="big">
          <output>{formatQuantity(best?.totalJ, "J")}</output> <span class="quiet">of the device per inference</span>
        </p>
        <p>
          {cutWords(cut)} <span class="quiet">modelled by {split.metric}</span>
        </p>
        <Facts
          facts={[
            { label: "processing", cell: quantityCell(best?.deviceJ, "J") },
            { label: "radio", cell: quantityCell(best?.radioJ, "J") },
            { label: "sent", cell: quantityCell(cut === undefined ? undefined : cut.sentBits / 8, "B") },
            { label: "rate of the link", cell: quantityCell(decision.rateBps, "bit/s") },
            // Known where both machines have rates, as with a server that was asked for.
            ...(best?.latencyS === undefined
              ? []
              : [{ label: "from input to answer", cell: durationCell(best.latencyS) }]),
          ]}
        />
      </section>
      <Strip split={split} decision={decision} />
      <CutsChart split={split} decision={decision} />
      <WalkPart at={at} split={split} walk={walk} />
      <Notes title="Assumptions" notes={split.assumptions} />
    </>
  );
}

function CutsChart({ split: { table }, decision }: { readonly split: SplitAnswer; readonly decision: Decision }) {
  const labels = table.cuts.map(({ after }) => after);
  const curve = (name: string, of: (i: number) => number) => ({
    name,
    labels,
    points: table.cuts.map(({ layers }, i) => [layers, of(i)] as const),
  });
  const chart: LinesChart = {
    kind: "lines",
    title: "Energy of the device by cut",
    note: "A cut further right leaves more to the device; the line marks the best one at this channel.",
    x: "layers on the device",
    y: "energy of the device (J)",
    yUnit: "J",
    logY: true,
    mark: "dots",
    series: [
      curve("total", (i) => decision.answers[i]!.totalJ),
      curve("processing", (i) => decision.answers[i]!.deviceJ),
      curve("radio", (i) => decision.answers[i]!.radioJ),
    ],
  };
  const rules = decision.best === undefined ? [] : [{ x: table.cuts[decision.best]!.layers, label: "best" }];
  return <Lines chart={chart} name="cuts" rules={rules} height={260} />;
}

interface WalkProps {
  readonly at: Navigation;
  readonly split: SplitAnswer;
  readonly walk: Walked;
}

function WalkPart({ at, split, walk: { places, choices } }: WalkProps) {
  const id = useId();
  const [isPlaying, setPlaying] = useState(false);
  const place = Math.min(places.length, countOf(at.param("place")) ?? 1);
  const goTo = (next: number) =>
    at.set({ place: String(next), gain: gainDbOf(String(dbOf(places[next - 1]!.gainRatio))).toFixed(1) }, true);
  useEffect(() => {
    if (!isPlaying) return;
    const timer = setTimeout(() => (place < places.length ? goTo(place + 1) : setPlaying(false)), STEP_MS);
    return () => clearTimeout(timer);
  }, [isPlaying, place]);
  const chosen = choices[0]!.path;
  const names = [...chosen.cut].map((cut) => (cut === NO_CUT ? "none" : split.table.cuts[cut]!.after));
  const chart: LinesChart = {
    kind: "lines",
    title: "A walk past the server",
    note: "A made-up walk with Rayleigh fading: energy of one inference at each place. Choosing the cut anew never costs more.",
    x: "place",
    y: "energy of the device (J)",
    yUnit: "J",
    logY: true,
    series: choices.map(({ name, path }, i) => ({
      name,
      ...(i === 0 && { labels: names }),
      points: [...path.deviceJ].map((deviceJ, p) => [p + 1, deviceJ + path.radioJ[p]!] as const),
    })),
  };
  return (
    <section aria-label="Walk">
      <Lines
        chart={chart}
        name="walk"
        height={260}
        rules={[{ x: place, label: `place ${place}: ${names[place - 1]}` }]}
        before={
          <div class="actions">
            <label for={id}>Place</label>
            <input
              id={id}
              type="range"
              min={1}
              max={places.length}
              value={place}
              aria-valuetext={`place ${place} of ${places.length}`}
              onInput={({ currentTarget }) => goTo(currentTarget.valueAsNumber)}
            />
            <button
              type="button"
              onClick={() => {
                if (!isPlaying && place === places.length) goTo(1);
                setPlaying(!isPlaying);
              }}
            >
              {isPlaying ? "Pause" : "Walk"}
            </button>
          </div>
        }
      />
      <ReportTable
        section={{
          kind: "table",
          title: "Along the whole walk",
          columns: [
            { title: "choice" },
            { title: "energy", align: "right" },
            { title: "processing", align: "right" },
            { title: "radio", align: "right" },
          ],
          rows: choices.map(({ name, totals }) => [
            textCell(name),
            quantityCell(totals.energyJ, "J"),
            quantityCell(totals.processingJ, "J"),
            quantityCell(totals.radioJ, "J"),
          ]),
        }}
      />
    </section>
  );
}
