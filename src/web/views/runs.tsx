// The runs view: the history of this machine, one run in full, or two beside each other.
import { useEffect, useId, useState } from "preact/hooks";
import type { PowerCourse } from "../../measure/ledger.ts";
import type { SourceInfo } from "../../measure/power-source.ts";
import type { Mark } from "../../measure/trace.ts";
import { type HistoryLine, type HistoryRun, runDocument } from "../../report/history-report.ts";
import { durationCell, quantityCell, rangeCell, rangeText, textCell } from "../../report/show.ts";
import { formatDuration, formatQuantity } from "../../units/format.ts";
import { InputError } from "../../units/input-error.ts";
import type { ViewProps } from "../app.tsx";
import { NeedsServer } from "../live/needs-server.tsx";
import { PowerChart } from "../live/power-chart.tsx";
import { linkTo, type Navigation } from "../navigation.tsx";
import { DocumentParts, ReportTable, Trouble } from "../page-parts.tsx";
import { differences } from "../runs/difference.ts";
import { fromServer, isOpen, useServer } from "../server.ts";

interface RunAnswer {
  readonly run: HistoryRun & { readonly sources: readonly SourceInfo[] };
  readonly power: readonly PowerCourse[];
  readonly baseline: readonly { readonly id: string; readonly idleW: number }[];
  readonly marks: readonly Mark[];
}

/** Forms of `joulecast export`. */
const FORMS = ["csv", "prometheus", "otlp", "codecarbon"];
const KINDS = ["measured", "integrated", "modelled", "mixed"];

export function RunsView({ at }: ViewProps) {
  const server = useServer();
  if (!isOpen(server)) return <NeedsServer server={server} what="Earlier runs" />;
  const id = at.param("id");
  const [a, b] = (at.param("with") ?? "").split(",");
  if (a && b) return <TwoRuns key={`${a} ${b}`} a={a} b={b} />;
  return id === undefined ? <AllRuns at={at} /> : <OneRun key={id} id={id} />;
}

/** What the server says, or why not. */
function useAnswers<T>(paths: readonly string[]): { readonly answers?: readonly T[]; readonly error?: InputError } {
  const [state, setState] = useState<{ readonly answers?: readonly T[]; readonly error?: InputError }>({});
  const asked = paths.join(" ");
  useEffect(() => {
    Promise.all(asked.split(" ").map((path) => fromServer<T>(path))).then(
      (answers) => setState({ answers }),
      (error: unknown) =>
        setState({ error: error instanceof InputError ? error : new InputError("bug", String(error)) }),
    );
  }, [asked]);
  return state;
}

const AllRunsLink = () => (
  <p>
    <a href={linkTo("runs")}>All runs</a>
  </p>
);

interface WaitingProps {
  readonly title: string;
  readonly error: InputError | undefined;
}

function Waiting({ title, error }: WaitingProps) {
  return (
    <>
      {error?.code.startsWith("unknown-") && <AllRunsLink />}
      <h1>{title}</h1>
      {error === undefined ? <p class="quiet">reading …</p> : <Trouble error={error} />}
    </>
  );
}

function AllRuns({ at }: { readonly at: Navigation }) {
  const { answers, error } = useAnswers<{ readonly runs: readonly HistoryLine[] }>(["runs"]);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const searchId = useId();
  const kindId = useId();
  const word = (at.param("q") ?? "").trim().toLowerCase();
  const kind = at.param("kind");
  if (answers === undefined) return <Waiting title="Earlier runs" error={error} />;
  const { runs } = answers[0]!;
  const shown = runs.filter(
    (run) => `${run.command} ${run.id} ${run.startedAt}`.toLowerCase().includes(word) && (!kind || run.kind === kind),
  );
  const toggle = (id: string, isOn: boolean) =>
    setChosen((before) => (isOn ? [...before, id].slice(-2) : before.filter((each) => each !== id)));
  return (
    <>
      <h1>Earlier runs</h1>
      <div class="row">
        <div class="field">
          <label for={searchId}>Search runs</label>
          <input
            id={searchId}
            type="search"
            value={at.param("q") ?? ""}
            placeholder="command, id or date"
            onInput={({ currentTarget: { value } }) => at.set({ q: value || undefined }, true)}
          />
        </div>
        <div class="field">
          <label for={kindId}>Kind</label>
          <select
            id={kindId}
            value={kind ?? ""}
            onChange={({ currentTarget: { value } }) => at.set({ kind: value || undefined })}
          >
            <option value="">all</option>
            {KINDS.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </div>
      </div>
      <div class="actions">
        <button type="button" disabled={chosen.length !== 2} onClick={() => at.go("runs", { with: chosen.join(",") })}>
          Compare the two chosen
        </button>
        <span class="quiet" role="status">
          {shown.length} of {runs.length} runs
        </span>
      </div>
      {runs.length === 0 && (
        <p class="quiet">
          No runs yet: <code>joulecast measure -- COMMAND</code> records one.
        </p>
      )}
      {shown.length > 0 && (
        <div class="scroll runs" tabIndex={0} role="region" aria-label="Runs">
          <table>
            <thead>
              <tr>
                <th scope="col">
                  <span class="unseen">choose</span>
                </th>
                <th scope="col">command</th>
                <th scope="col" class="right">
                  net energy
                </th>
                <th scope="col" class="right">
                  duration
                </th>
                <th scope="col">started</th>
                <th scope="col">kind</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((run) => (
                <tr key={run.id}>
                  <td>
                    <input
                      type="checkbox"
                      aria-label={`Choose ${run.id}`}
                      checked={chosen.includes(run.id)}
                      onChange={({ currentTarget: { checked } }) => toggle(run.id, checked)}
                    />
                  </td>
                  <td class="command" title={run.command}>
                    <a href={linkTo("runs", { id: run.id })}>{run.command === "" ? run.id : run.command}</a>
                  </td>
                  <td class="right">{formatQuantity(run.netJ ?? undefined, "J")}</td>
                  <td class="right">{formatDuration(run.durationS)}</td>
                  <td>{new Date(run.startedAt).toLocaleString()}</td>
                  <td class={run.kind === "modelled" || run.kind === "mixed" ? "warning" : undefined}>
                    {[run.kind ?? "–", run.complete ? "" : "incomplete", run.origin ?? ""].filter(Boolean).join(", ")}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

const idleOf = ({ baseline }: RunAnswer) => new Map(baseline.map(({ id, idleW }) => [id, { idleW }]));

function OneRun({ id }: { readonly id: string }) {
  const { answers, error } = useAnswers<RunAnswer>([`runs/${id}`]);
  const answer = answers?.[0];
  if (answer === undefined) return <Waiting title={`Run ${id}`} error={error} />;
  const { run, power, marks } = answer;
  const document = runDocument(run);
  return (
    <>
      <AllRunsLink />
      <h1>{document.title}</h1>
      <p>
        <code>{document.subtitle}</code>
      </p>
      <div class="actions">
        <span class="quiet">Export:</span>
        {FORMS.map((form) => (
          <a key={form} class="button" href={`api/runs/${id}/export?form=${form}`} download={`${id}.${form}`}>
            {form}
          </a>
        ))}
      </div>
      <PowerChart
        title="Power by component"
        name={`power-${id}`}
        sources={run.sources}
        power={power.filter(({ points }) => points.length > 0)}
        idleW={idleOf(answer)}
        marks={marks}
      />
      <DocumentParts document={document} />
    </>
  );
}

function TwoRuns({ a, b }: { readonly a: string; readonly b: string }) {
  const { answers, error } = useAnswers<RunAnswer>([`runs/${a}`, `runs/${b}`]);
  const [first, second] = answers ?? [];
  if (first === undefined || second === undefined) return <Waiting title="Two runs" error={error} />;
  const rows = differences(first.run.measurements, second.run.measurements);
  const whole = rows[0]!;
  return (
    <>
      <AllRunsLink />
      <h1>Two runs</h1>
      <p class={whole.isSeen ? (whole.differenceJ! < 0 ? "better" : "worse") : "quiet"}>
        {whole.differenceJ === undefined
          ? "no difference can be given: joules of one are not known, or less than 95 % of it was read"
          : whole.isSeen
            ? `B needs ${formatQuantity(Math.abs(whole.differenceJ), "J")} ${whole.differenceJ < 0 ? "less" : "more"} than A (95 %: ${rangeText(whole.lowJ, whole.highJ, "J")})`
            : `no difference is seen (95 %: ${rangeText(whole.lowJ, whole.highJ, "J")})`}
      </p>
      <p class="quiet">
        One run each says little of the next: <code>joulecast compare -- "A" "B"</code> alternates them and judges.
      </p>
      <ReportTable
        section={{
          kind: "table",
          title: "Net energy",
          columns: [
            { title: "window" },
            { title: "A", align: "right" },
            { title: "B", align: "right" },
            { title: "B − A", align: "right" },
            { title: "95 % interval", align: "right" },
            { title: "time A", align: "right" },
            { title: "time B", align: "right" },
          ],
          rows: rows.map((row) => [
            textCell(row.window),
            quantityCell(row.a?.netJ, "J"),
            quantityCell(row.b?.netJ, "J"),
            quantityCell(row.differenceJ, "J"),
            rangeCell(row.lowJ, row.highJ, "J"),
            durationCell(row.a?.durationS),
            durationCell(row.b?.durationS),
          ]),
        }}
      />
      <div class="sides">
        {[first, second].map((answer, i) => (
          <div class="side" key={answer.run.id}>
            <h2 title={answer.run.command}>
              {"AB"[i]}: <a href={linkTo("runs", { id: answer.run.id })}>{answer.run.command || answer.run.id}</a>
            </h2>
            <PowerChart
              title={`Power of ${"AB"[i]}`}
              name={`power-${answer.run.id}`}
              sources={answer.run.sources}
              power={answer.power.filter(({ points }) => points.length > 0)}
              idleW={idleOf(answer)}
              marks={answer.marks}
            />
          </div>
        ))}
      </div>
    </>
  );
}
