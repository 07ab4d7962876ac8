// How far a study is: a bar, counts, what is being done now, and the time that is left.
import { durationCell, textCell } from "../../report/show.ts";
import { formatDuration } from "../../units/format.ts";
import { Facts } from "../page-parts.tsx";
import type { StudyProgress } from "./study-shown.ts";

function State({ total, done, failed, running, isGoing, leftS }: StudyProgress) {
  const left = total - done - failed;
  if (left === 0) return <span class="quiet">– finished</span>;
  if (isGoing === undefined) return null;
  if (!isGoing)
    return (
      <span class="quiet">
        – not running: <code>joulecast study run</code> goes on where it was
      </span>
    );
  const time = leftS === undefined ? "" : `, about ${formatDuration(leftS)} left`;
  return (
    <span class="quiet">
      – {running.length > 0 ? "running" : "waiting"}
      {time}
    </span>
  );
}

export function Progress({ progress }: { readonly progress: StudyProgress }) {
  const { total, done, failed, running, leftS } = progress;
  const share = (count: number) => ({ width: `${total === 0 ? 0 : (100 * count) / total}%` });
  return (
    <section class="progress" aria-label="Progress">
      <p role="status">
        <strong>
          {done} of {total}
        </strong>{" "}
        trials with a result{failed > 0 && <span class="warning">, {failed} without</span>} <State {...progress} />
      </p>
      <div
        class="bar"
        role="progressbar"
        aria-label="Trials that have ended"
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done + failed}
      >
        <div class="done" style={share(done)} />
        <div class="failed" style={share(failed)} />
        <div class="running" style={share(running.length)} />
      </div>
      <Facts
        facts={[
          { label: "done", cell: textCell(String(done)) },
          { label: "without a result", cell: textCell(String(failed), failed > 0 ? "warning" : undefined) },
          { label: "running", cell: textCell(String(running.length)) },
          { label: "to do", cell: textCell(String(total - done - failed - running.length)) },
          ...(leftS === undefined || leftS === 0 ? [] : [{ label: "time left", cell: durationCell(leftS) }]),
        ]}
      />
      {running.map((id) => (
        <p key={id} class="quiet now">
          now: <code>{id}</code>
        </p>
      ))}
    </section>
  );
}
