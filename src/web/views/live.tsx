// The live view: power and joules of a recording that goes on, its marks and epochs, and what the whole run will take.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { mean } from "../../math/statistics.ts";
import type { Measurement } from "../../measure/measurement.ts";
import type { EpochRange } from "../../predict/step/marked-epochs.ts";
import type { LinesChart } from "../../report/document.ts";
import { KIND_WORDS } from "../../report/kind-words.ts";
import { durationCell, quantityCell, rangeCell, ratioCell, textCell } from "../../report/show.ts";
import { formatQuantity } from "../../units/format.ts";
import { InputError } from "../../units/input-error.ts";
import type { ViewProps } from "../app.tsx";
import { Lines } from "../charts/lines.tsx";
import type { Seen } from "../live/growing.ts";
import { NeedsServer } from "../live/needs-server.tsx";
import { PowerChart } from "../live/power-chart.tsx";
import { type Following, type LiveRecording, useLive } from "../live/stream.ts";
import { countOf } from "../model/question.ts";
import { linkTo } from "../navigation.tsx";
import { Facts, ReportTable, Trouble } from "../page-parts.tsx";
import { fromServer, isOpen, useServer } from "../server.ts";

/** Time between two looks at what is going on, ms. */
const LIST_MS = 2000;
const SPANS = [
  ["", "all"],
  ["600", "last 10 min"],
  ["60", "last minute"],
] as const;

export function LiveView({ at }: ViewProps) {
  const server = useServer();
  if (!isOpen(server)) return <NeedsServer server={server} what="Live power" />;
  return <Shown at={at} />;
}

interface Recordings {
  readonly recordings: readonly LiveRecording[] | undefined;
  /** Why the last look failed. */
  readonly problem: InputError | undefined;
  look(): Promise<void>;
}

function useRecordings(): Recordings {
  const [recordings, setRecordings] = useState<readonly LiveRecording[]>();
  const [problem, setProblem] = useState<InputError>();
  const look = async () => {
    const found = await fromServer<{ recordings: readonly LiveRecording[] }>("live");
    setRecordings(found.recordings);
    setProblem(undefined);
  };
  useEffect(() => {
    const lookAgain = () => void look().catch((error: unknown) => setProblem(error as InputError));
    lookAgain();
    const timer = setInterval(lookAgain, LIST_MS);
    return () => clearInterval(timer);
  }, []);
  return { recordings, problem, look };
}

/** The one that was asked for, else the newest; one that has ended stays until another begins. */
function useFollowed(asked: string | undefined, recordings: readonly LiveRecording[] | undefined): string | undefined {
  const last = useRef<string>(undefined);
  const isListed = recordings?.some(({ id }) => id === last.current) === true;
  last.current = asked ?? (isListed ? last.current : (recordings?.[0]?.id ?? last.current));
  return last.current;
}

function Shown({ at }: ViewProps) {
  const { recordings, problem, look } = useRecordings();
  const [failed, setError] = useState<InputError>();
  const error = problem ?? failed;
  const id = useFollowed(at.param("id"), recordings);
  const epochs = countOf(at.param("epochs"));
  const spanS = countOf(at.param("span"));
  const following = useLive(id, epochs === undefined ? undefined : [epochs, epochs], spanS);
  const listId = useId();
  const spanId = useId();
  const epochsId = useId();
  const attempt = async (work: () => Promise<void>) => {
    try {
      setError(undefined);
      await work();
      await look();
    } catch (reason) {
      if (!(reason instanceof InputError)) throw reason;
      setError(reason);
    }
  };
  const watch = () =>
    attempt(async () => {
      const started = await fromServer<LiveRecording>("live", { method: "POST" });
      at.set({ id: started.id });
    });
  const stop = (watched: string) =>
    attempt(async () => {
      await fromServer(`live/${watched}`, { method: "DELETE" });
    });
  const isWatching = recordings?.some(({ isWatch }) => isWatch) === true;
  return (
    <>
      <h1>Live power</h1>
      {error !== undefined && <Trouble error={error} />}
      <div class="row">
        <div class="field">
          <label for={listId}>Recording</label>
          <select
            id={listId}
            value={id ?? ""}
            onChange={({ currentTarget: { value } }) => at.set({ id: value || undefined })}
          >
            {recordings?.every((each) => each.id !== id) !== false && (
              <option value={id ?? ""}>{id === undefined ? "nothing is being recorded" : `${id} (ended)`}</option>
            )}
            {recordings?.map(({ id: each, command }) => (
              <option key={each} value={each}>
                {command}
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for={spanId}>Drawn</label>
          <select
            id={spanId}
            value={at.param("span") ?? ""}
            onChange={({ currentTarget: { value } }) => at.set({ span: value || undefined })}
          >
            {SPANS.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </div>
        <div class="field">
          <label for={epochsId}>Planned epochs</label>
          <input
            id={epochsId}
            type="number"
            min={1}
            value={epochs ?? ""}
            placeholder={rangeWords(following.seen?.range) ?? "not known"}
            onChange={({ currentTarget: { value } }) => at.set({ epochs: value || undefined })}
          />
        </div>
      </div>
      <p>
        {isWatching ? (
          <button type="button" onClick={() => stop(recordings!.find(({ isWatch }) => isWatch)!.id)}>
            Stop watching this machine
          </button>
        ) : (
          <button type="button" class="primary" onClick={watch}>
            Watch this machine now
          </button>
        )}{" "}
        <span class="quiet">
          reads the meters and keeps nothing; <code>joulecast run</code> and <code>measure</code> appear here by
          themselves
        </span>
      </p>
      <State following={following} isGoing={recordings?.some((each) => each.id === id) !== false} />
      {following.seen !== undefined && <SeenNow seen={following.seen} following={following} />}
    </>
  );
}

const STATE_WORDS: Readonly<Record<Following["state"], string>> = {
  waiting: "",
  going: "recording",
  ended: "ended",
  lost: "the connection ended: reload the page, or look among the runs",
};

interface StateProps {
  readonly following: Following;
  /** It still has a journal: the run is not kept yet. */
  readonly isGoing: boolean;
}

function State({ following: { state, about }, isGoing }: StateProps) {
  return (
    <p role="status" class="quiet">
      {STATE_WORDS[state]}
      {!isGoing && about?.isWatch === false && (
        <>
          {" "}
          – <a href={linkTo("runs", { id: about.id })}>open the run</a>
        </>
      )}
    </p>
  );
}

/** "90", or "30–90". */
const rangeWords = (range: EpochRange | undefined): string | undefined => range && [...new Set(range)].join("–");

/** Steps at the end whose mean is the power of now: the last one alone may be cut short. */
const NOW_STEPS = 4;

/** Watts now of every source that is counted; undefined when none was read. */
function powerNow(seen: Seen, whole: Measurement): number | undefined {
  const counted = new Set(whole.sources.filter(({ counted: is }) => is).map(({ info }) => info.id));
  const last = seen.power
    .filter(({ id, points }) => counted.has(id) && points.length > 0)
    .map(({ points }) => mean(points.slice(-NOW_STEPS).map(([, watts]) => watts)));
  return last.length === 0 ? undefined : last.reduce((sum, watts) => sum + watts, 0);
}

function SeenNow({ seen, following }: { readonly seen: Seen; readonly following: Following }) {
  const { whole, projections, epochs, range } = seen;
  const projection = projections.at(-1);
  return (
    <>
      {whole !== undefined && (
        <section class="headline" aria-label="Energy so far">
          <p class="big">
            <output>{formatQuantity(whole.netJ, "J")}</output>{" "}
            <span class="quiet">{whole.baselineJ === undefined ? "so far" : "net of idle, so far"}</span>
          </p>
          <p class={whole.kind === "measured" || whole.kind === "integrated" ? undefined : "warning"}>
            {KIND_WORDS[whole.kind]}
          </p>
          <Facts
            facts={[
              { label: "power now", cell: quantityCell(powerNow(seen, whole), "W") },
              { label: "time", cell: durationCell(whole.durationS) },
              { label: "95 % interval", cell: rangeCell(whole.netLowJ, whole.netHighJ, "J") },
              { label: "coverage", cell: ratioCell(whole.coverage) },
              ...(epochs.length > 0 || range !== undefined
                ? [
                    {
                      label: "epochs ended",
                      cell: textCell(`${epochs.length}${range ? ` of ${rangeWords(range)}` : ""}`),
                    },
                  ]
                : []),
              ...(projection === undefined
                ? []
                : [
                    { label: "projected total", cell: quantityCell(projection.totalJ, "J") },
                    { label: "90 % interval", cell: rangeCell(projection.lowJ, projection.highJ, "J") },
                    {
                      label: "time left",
                      cell: durationCell(Math.max(0, projection.durationS - whole.durationS)),
                    },
                  ]),
            ]}
          />
        </section>
      )}
      <PowerChart
        title="Power by component"
        name="power"
        sources={following.sources}
        power={seen.power}
        idleW={seen.idleW}
        marks={seen.marks}
      />
      {projections.length > 0 && <ProjectionChart seen={seen} />}
      {whole !== undefined && <Sources whole={whole} />}
    </>
  );
}

function ProjectionChart({ seen: { projections } }: { readonly seen: Seen }) {
  const chart: LinesChart = {
    kind: "lines",
    title: "Projected energy of the whole run",
    note: [
      "What each epoch foretold for the whole run (STEP), with its 90 % interval, which narrows as the run goes on",
      ...(projections.at(-1)?.remarks ?? []),
    ].join("; "),
    x: "epochs ended",
    y: "energy of the whole run (J)",
    yUnit: "J",
    mark: "dots",
    series: [{ name: "projected", points: projections.map(({ atEpoch, totalJ }) => [atEpoch, totalJ] as const) }],
  };
  const band = { series: 0, points: projections.map(({ atEpoch, lowJ, highJ }) => [atEpoch, lowJ, highJ] as const) };
  return <Lines chart={chart} name="projection" bands={[band]} height={240} />;
}

function Sources({ whole }: { readonly whole: Measurement }) {
  return (
    <ReportTable
      section={{
        kind: "table",
        title: "Sources",
        columns: [
          { title: "source" },
          { title: "covers" },
          { title: "kind" },
          { title: "energy", align: "right" },
          { title: "above idle", align: "right" },
          { title: "mean power", align: "right" },
          { title: "coverage", align: "right" },
          { title: "in the total" },
        ],
        rows: whole.sources.map(({ info, kind, grossJ, netJ, meanPowerW, coverage, counted }) => [
          textCell(info.name),
          textCell(info.domain),
          textCell(kind, kind === "missing" || kind === "modelled" ? "warning" : undefined),
          quantityCell(grossJ, "J"),
          quantityCell(netJ, "J"),
          quantityCell(meanPowerW, "W"),
          ratioCell(coverage),
          textCell(counted ? "yes" : "no"),
        ]),
      }}
    />
  );
}
