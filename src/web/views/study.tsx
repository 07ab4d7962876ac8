// The study view: how far a study is, what goes with what over its networks, which networks are worth their joules, every run, and the
// trials that failed. A study of the local server is followed while it runs; a report or records are read from a file.
import { useCallback, useId, useMemo, useState } from "preact/hooks";
import type { LinesChart } from "../../report/document.ts";
import { textCell } from "../../report/show.ts";
import { type Correlated, correlate, type FrontPoint, grouped } from "../../study/analysis.ts";
import {
  type Phase,
  QUANTITIES,
  type QuantityKey,
  type StudyRow,
  settingsThatVary,
  settingText,
} from "../../study/study-row.ts";
import type { ViewProps } from "../app.tsx";
import { Scatter } from "../charts/scatter.tsx";
import { useDrop } from "../drop.ts";
import { FileButton } from "../file-button.tsx";
import { linkTo, type Navigation } from "../navigation.tsx";
import { ReportTable, Trouble } from "../page-parts.tsx";
import { isOpen, type ServedStudy, useServer } from "../server.ts";
import { groupNames, labelsOf, type Placed, plain } from "../study/names.ts";
import { openStudyFile, useStudy } from "../study/opened-study.ts";
import { Progress } from "../study/progress.tsx";
import { RunsTable } from "../study/runs-table.tsx";
import type { StudyShown } from "../study/study-shown.ts";

const KEYS = Object.keys(QUANTITIES) as QuantityKey[];
const PHASES: readonly Phase[] = ["training", "inference"];
const NO_STUDIES: readonly ServedStudy[] = [];

export function StudyView({ at }: ViewProps) {
  const server = useServer();
  const served = isOpen(server) ? server.studies : NO_STUDIES;
  const first = served[0];
  const word = at.param("study") ?? (first && `served:${first.id}`);
  const [opened, setOpened] = useState(0);
  const open = useCallback((file: File) => {
    setOpened((count) => count + 1);
    at.set({ study: openStudyFile(file) });
  }, []);
  const isOver = useDrop(open);
  const { study, error } = useStudy(word, opened);
  if (word === undefined) return <NoStudy isOver={isOver} isServed={isOpen(server)} onFile={open} />;
  return (
    <div class={isOver ? "over" : undefined}>
      <div class="title-row">
        <h1>{study?.name ?? "Study"}</h1>
        <StudyPicker at={at} word={word} served={served} onFile={open} />
      </div>
      {error !== undefined && <Trouble error={error} />}
      {study === undefined && error === undefined && <p class="quiet">reading …</p>}
      {study !== undefined && <Shown at={at} study={study} />}
    </div>
  );
}

/** How the joules came about, and those that cannot be: idle power moved by more than a trial took. */
function Standing({ runs }: { readonly runs: readonly StudyRow[] }) {
  if (runs.length === 0) return <p class="quiet">No trial has a result yet.</p>;
  const kinds = [...new Set(runs.map(({ kind }) => kind))];
  const odd = runs.filter(({ energyJ }) => !(energyJ > 0)).map(({ network, phase }) => `${plain(network)} (${phase})`);
  return (
    <>
      <p class={kinds.some((kind) => /modelled|mixed/u.test(kind)) ? "warning" : "quiet"}>
        Joules: {kinds.join("; ")}.
      </p>
      {odd.length > 0 && (
        <p class="warning">
          No joules above idle: {[...new Set(odd)].join(", ")}. Idle power moved by more than the trial took: measure
          longer, on a quiet machine.
        </p>
      )}
    </>
  );
}

interface NoStudyProps {
  readonly isOver: boolean;
  /** There is a local server; it was given no study. */
  readonly isServed: boolean;
  onFile(file: File): void;
}

function NoStudy({ isOver, isServed, onFile }: NoStudyProps) {
  return (
    <section class={`welcome drop${isOver ? " over" : ""}`}>
      <h1>Studies</h1>
      <p>
        <code>joulecast study run plan.yaml</code> measures many networks, settings and repetitions. Here you see how
        far it is, what goes with what, and which networks are worth their joules.
      </p>
      <p>
        {isServed ? "To follow one, start the server with its folder: " : "To follow one on your machine: "}
        <code>joulecast serve --study DIR --open</code>
      </p>
      <p>
        Or drop the JSON of <code>joulecast study report DIR --json</code> anywhere on this page: it stays in your
        browser.
      </p>
      <div class="actions">
        <FileButton accept=".json" onFile={onFile}>
          Open a report …
        </FileButton>
      </div>
    </section>
  );
}

interface StudyPickerProps {
  readonly at: Navigation;
  readonly word: string;
  readonly served: readonly ServedStudy[];
  onFile(file: File): void;
}

function StudyPicker({ at, word, served, onFile }: StudyPickerProps) {
  const id = useId();
  const isServed = word.startsWith("served:");
  return (
    <div class="actions">
      {(served.length > 1 || (served.length === 1 && !isServed)) && (
        <>
          <label class="unseen" for={id}>
            Study
          </label>
          <select id={id} value={word} onChange={({ currentTarget: { value } }) => at.go("study", { study: value })}>
            {!isServed && <option value={word}>{word.slice("file:".length)}</option>}
            {served.map((each) => (
              <option key={each.id} value={`served:${each.id}`}>
                {each.name}
              </option>
            ))}
          </select>
        </>
      )}
      <FileButton accept=".json" onFile={onFile}>
        Open a report …
      </FileButton>
    </div>
  );
}

function Shown({ at, study }: { readonly at: Navigation; readonly study: StudyShown }) {
  const { runs, front, failures, progress } = study;
  return (
    <>
      <Progress progress={progress} />
      <Standing runs={runs} />
      {runs.length > 0 && <GoTogether at={at} runs={runs} />}
      {front.length > 1 && <Front front={front} />}
      {runs.length > 0 && (
        <section aria-labelledby="study-runs">
          <h2 id="study-runs">Runs</h2>
          <RunsTable at={at} runs={runs} />
        </section>
      )}
      {failures.length > 0 && (
        <section aria-labelledby="study-failed">
          <h2 id="study-failed">Trials without a result</h2>
          <ReportTable
            section={{
              kind: "table",
              name: "Trials without a result",
              columns: [{ title: "trial", wrap: true }, { title: "end" }, { title: "reason", wrap: true }],
              rows: failures.map(({ trial, status, reason }) => [
                textCell(trial),
                textCell(status, "warning"),
                textCell(reason),
              ]),
            }}
          />
        </section>
      )}
    </>
  );
}

const isKey = (word: string | undefined): word is QuantityKey => word !== undefined && Object.hasOwn(QUANTITIES, word);

const titleOf = (key: QuantityKey): string => {
  const { name, unit } = QUANTITIES[key];
  return unit === "" || unit === "ratio" ? name : `${name} (${unit})`;
};

/** Factor between least and most above which a scale is logarithmic. */
const LOG_FROM = 20;
const isWide = (values: readonly number[]): boolean =>
  values.length > 0 && Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > LOG_FROM;

function scatterOf(own: readonly StudyRow[], phase: Phase, x: QuantityKey, y: QuantityKey): LinesChart {
  const known = own.flatMap((row) => {
    const [a, b] = [QUANTITIES[x].of(row), QUANTITIES[y].of(row)];
    return a !== undefined && b !== undefined ? [{ row, point: [a, b] as const }] : [];
  });
  const nameOf = groupNames(own);
  const labelOf = labelsOf(own.map(({ network }) => network));
  return {
    kind: "lines",
    mark: "points",
    title: `${QUANTITIES[y].name} against ${QUANTITIES[x].name}, ${phase}`,
    x: titleOf(x),
    y: titleOf(y),
    xUnit: QUANTITIES[x].unit,
    yUnit: QUANTITIES[y].unit,
    logX: isWide(known.map(({ point }) => point[0])),
    logY: isWide(known.map(({ point }) => point[1])),
    series: [...grouped(known, ({ row }) => nameOf(row))].map(([name, group]) => ({
      name,
      points: group.map(({ point }) => point),
      labels: group.map(({ row }) => labelOf(row.network)),
    })),
  };
}

const intervalText = ({ value, low, high }: Correlated["pearson"]): string =>
  `${value.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;

function GoTogether({ at, runs }: { readonly at: Navigation; readonly runs: readonly StudyRow[] }) {
  const ids = [useId(), useId(), useId(), useId()];
  const phases = PHASES.filter((each) => runs.some(({ phase }) => phase === each));
  const phase = phases.find((each) => each === at.param("phase")) ?? phases[0]!;
  const own = useMemo(() => runs.filter((row) => row.phase === phase), [runs, phase]);
  const nameOf = groupNames(own);
  const keys = KEYS.filter((key) => own.some((row) => QUANTITIES[key].of(row) !== undefined));
  const [askedX, askedY] = [at.param("x"), at.param("y")];
  const x = isKey(askedX) && keys.includes(askedX) ? askedX : keys.includes("macs") ? "macs" : "duration";
  const y = isKey(askedY) && keys.includes(askedY) ? askedY : "energy";
  const chart = useMemo(() => scatterOf(own, phase, x, y), [own, x, y]);
  const shown = useMemo(() => correlate(own, [[x, y]]), [own, x, y]);
  const all = useMemo(() => correlate(runs), [runs]);
  const select = (
    label: string,
    id: string,
    value: string,
    name: string,
    options: readonly (readonly [string, string])[],
  ) => (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => at.set({ [name]: currentTarget.value })}>
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
  const quantities = keys.map((key) => [key, QUANTITIES[key].name] as const);
  return (
    <section aria-labelledby={ids[3]}>
      <h2 id={ids[3]}>What goes with what</h2>
      <div class="row">
        {select("Across", ids[0]!, x, "x", quantities)}
        {select("Up", ids[1]!, y, "y", quantities)}
        {phases.length > 1 &&
          select(
            "Phase",
            ids[2]!,
            phase,
            "phase",
            phases.map((each) => [each, each] as const),
          )}
      </div>
      <ul class="plain-list" aria-label="Correlation">
        {shown.map(({ pearson, spearman, ...of }) => (
          <li key={nameOf(of)}>
            Pearson r <strong>{intervalText(pearson)}</strong>, Spearman ρ <strong>{intervalText(spearman)}</strong>{" "}
            <span class="quiet">
              with 95 % intervals, {pearson.n} networks, {nameOf(of)}
            </span>
          </li>
        ))}
        {shown.length === 0 && (
          <li class="quiet">No correlation: it needs four networks at least, and both quantities must vary.</li>
        )}
      </ul>
      {chart.series.flatMap(({ points }) => points).length > 1 && (
        <Scatter chart={chart} name={`${y}-against-${x}-${phase}`} />
      )}
      {all.length > 0 && <Correlations at={at} found={all} />}
    </section>
  );
}

function Correlations({ at, found }: { readonly at: Navigation; readonly found: readonly Correlated[] }) {
  const nameOf = groupNames(found);
  const hasGroups = new Set(found.map(nameOf)).size > 1;
  const linked = ({ x, y, phase }: Correlated) =>
    linkTo("study", { ...Object.fromEntries(at.route.params), x, y, phase });
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Correlations">
      <table>
        <caption>Correlations, with 95 % intervals</caption>
        <thead>
          <tr>
            <th scope="col">quantities</th>
            <th scope="col">phase</th>
            {hasGroups && <th scope="col">measured with</th>}
            <th scope="col" class="right">
              Pearson r
            </th>
            <th scope="col" class="right">
              Spearman ρ
            </th>
            <th scope="col" class="right">
              networks
            </th>
          </tr>
        </thead>
        <tbody>
          {found.map((one) => (
            <tr key={JSON.stringify([one.x, one.y, one.phase, nameOf(one)])}>
              <th scope="row">
                <a href={linked(one)}>
                  {QUANTITIES[one.y].name} against {QUANTITIES[one.x].name}
                </a>
              </th>
              <td>{one.phase}</td>
              {hasGroups && <td>{nameOf(one)}</td>}
              <td class="right">{intervalText(one.pearson)}</td>
              <td class="right">{intervalText(one.spearman)}</td>
              <td class="right">{one.pearson.n}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const ON_FRONT = "on the front";

function Front({ front }: { readonly front: readonly FrontPoint[] }) {
  // Judged within a machine and data set: settings compete with each other.
  const fronts = [...grouped(front, ({ machine, data }) => JSON.stringify([machine, data])).values()];
  const placeOf = ({ machine, data }: FrontPoint): Placed => ({ machine, ...(data !== undefined && { data }) });
  const frontName = groupNames(front.map(placeOf));
  const nameOf = (point: FrontPoint): string => {
    const place = point.isOnFront ? ON_FRONT : "behind it";
    return fronts.length > 1 ? `${frontName(placeOf(point))}, ${place}` : place;
  };
  const vary = settingsThatVary(front).filter((key) => key !== "data");
  const labelOf = labelsOf(front.map(({ network }) => network));
  const ordered = front.toSorted((a, b) => Number(b.isOnFront) - Number(a.isOnFront));
  const chart: LinesChart = {
    kind: "lines",
    mark: "points",
    title: "Best accuracy against energy of training",
    note: "On the front: nothing else is at least as accurate for fewer joules.",
    x: "energy of training (J)",
    y: "accuracy",
    xUnit: "J",
    yUnit: "ratio",
    logX: isWide(front.map(({ energyJ }) => energyJ)),
    series: [...grouped(ordered, nameOf)].map(([name, own]) => ({
      name,
      points: own.map(({ energyJ, accuracy }) => [energyJ, accuracy] as const),
      labels: own.map((one) => [labelOf(one.network), settingText(one, vary)].filter(Boolean).join(", ")),
    })),
  };
  const joined = fronts.map((own) =>
    own.filter(({ isOnFront }) => isOnFront).map(({ energyJ, accuracy }) => [energyJ, accuracy] as const),
  );
  return (
    <section aria-labelledby="study-front">
      <h2 id="study-front">Which networks are worth their joules</h2>
      <Scatter chart={chart} name="accuracy-front" joined={joined} />
    </section>
  );
}
