// A recording that grows as pieces of it arrive, and what is to be seen of it now: power by source, joules, epochs, projection. The
// joules are the ledger's, as at the end of a run; nothing is estimated here. No clock, no DOM.
import { type Ledger, openLedger, type PowerCourse } from "../../measure/ledger.ts";
import type { Measurement } from "../../measure/measurement.ts";
import type { SourceInfo } from "../../measure/power-source.ts";
import type { Mark, Recording, Window } from "../../measure/trace.ts";
import { windowsFrom } from "../../measure/windows.ts";
import type { Epoch } from "../../predict/step/epochs.ts";
import {
  type EpochRange,
  epochBorders,
  epochsOf,
  PLANNED_EPOCHS,
  plannedEpochs,
} from "../../predict/step/marked-epochs.ts";
import { type Projection, projectRange } from "../../predict/step/project.ts";

/** As the server sends it; null is a failed read. */
export interface Piece {
  readonly columns: readonly {
    readonly source: number;
    readonly timeS: readonly number[];
    readonly value: readonly (number | null)[];
  }[];
  readonly marks: readonly Mark[];
}

interface Column {
  readonly timeS: number[];
  readonly values: number[];
}

export class GrowingRecording {
  readonly sources: readonly SourceInfo[];
  readonly #columns: readonly Column[];
  readonly #marks: Mark[] = [];
  /** Time of the last reading or mark, s. */
  lastS = 0;

  constructor(sources: readonly SourceInfo[]) {
    this.sources = sources;
    this.#columns = sources.map(() => ({ timeS: [], values: [] }));
  }

  add({ columns, marks }: Piece): void {
    for (const { source, timeS, value } of columns) {
      const column = this.#columns[source];
      if (column === undefined) continue;
      for (const [i, time] of timeS.entries()) {
        column.timeS.push(time);
        column.values.push(value[i] ?? Number.NaN);
      }
      this.lastS = Math.max(this.lastS, timeS.at(-1) ?? 0);
    }
    for (const mark of marks) {
      this.#marks.push(mark);
      this.lastS = Math.max(this.lastS, mark.timeS);
    }
  }

  /** All of it, or what was read since `fromS`. */
  recording(fromS = 0): Recording {
    return {
      traces: this.sources.map((info, i) => {
        const { timeS, values } = this.#columns[i]!;
        const first = fromS <= 0 ? 0 : Math.max(0, timeS.findIndex((time) => time >= fromS) - 1);
        return { info, timeS: Float64Array.from(timeS.slice(first)), values: Float64Array.from(values.slice(first)) };
      }),
      marks: this.#marks,
      load: [],
    };
  }
}

/** What is shown of a recording that goes on. */
export interface Seen {
  readonly nowS: number;
  /** From the start of the run (behind the idle time) to now; undefined before anything was read. */
  readonly whole: Measurement | undefined;
  readonly windows: readonly Window[];
  readonly idleW: ReadonlyMap<string, { readonly idleW: number; readonly sigmaW: number }>;
  readonly marks: readonly Mark[];
  readonly epochs: readonly Epoch[];
  readonly before: Epoch;
  /** Of the run's own plan, or the user's. */
  readonly range: EpochRange | undefined;
  /** What each epoch foretold, from the second on. */
  readonly projections: readonly Projection[];
  /** Mean powers in even steps. */
  readonly power: readonly PowerCourse[];
}

const IDLE = /^idle(-after)?$/u;

/** The window that the program runs in: behind the idle time; all of it where nothing is said. */
function runWindow(windows: readonly Window[], marks: readonly Mark[], nowS: number): Window {
  const planned = marks.find(({ name }) => name === PLANNED_EPOCHS)?.timeS;
  const own = windows.find(({ name }) => !IDLE.test(name));
  const idleEndS = windows.filter(({ name }) => IDLE.test(name)).map(({ toS }) => toS);
  const fromS = planned ?? own?.fromS ?? Math.max(0, ...idleEndS);
  return { name: "run", fromS: Math.min(fromS, nowS), toS: nowS };
}

/**
 * @param planned epochs by the user; default: what the run's marks say
 * @param spanS how much of the end is drawn, s; default: all
 * @param isOver the recording has ended: its last epoch is one
 */
export function see(
  growing: GrowingRecording,
  planned: EpochRange | undefined,
  spanS: number | undefined,
  isOver: boolean,
): Seen {
  const recording = growing.recording();
  const nowS = growing.lastS;
  const { marks } = recording;
  const { windows } = windowsFrom(marks, nowS);
  const idle = windows.filter(({ name, fromS, toS }) => IDLE.test(name) && toS > fromS);
  const ledger = openLedger(recording, idle);
  const own = runWindow(windows, marks, nowS);
  const range = planned ?? plannedEpochs(marks);
  const { before, epochs } = epochsOf(ledger, own.fromS, epochBorders(marks, own), own.toS, isOver);
  return {
    nowS,
    whole: own.toS > own.fromS ? ledger.window(own) : undefined,
    windows,
    idleW: ledger.baseline ?? new Map(),
    marks,
    epochs,
    before,
    range,
    projections: range === undefined || Number.isNaN(before.energyJ) ? [] : projectionsOf(epochs, before, range),
    power: courseOf(growing, ledger, nowS, spanS),
  };
}

const projectionsOf = (epochs: readonly Epoch[], before: Epoch, range: EpochRange): readonly Projection[] =>
  epochs.flatMap((_, i) => projectRange(epochs.slice(0, i + 1), before, range) ?? []);

function courseOf(
  growing: GrowingRecording,
  ledger: Ledger,
  nowS: number,
  spanS: number | undefined,
): readonly PowerCourse[] {
  if (spanS === undefined || spanS >= nowS) return ledger.power();
  return openLedger(growing.recording(nowS - spanS), []).power();
}

/** Power of several sources on one axis of times: null where a source was not read, undefined where it has no step of its own. */
export interface Aligned {
  readonly timeS: readonly number[];
  readonly powerW: readonly (readonly (number | null | undefined)[])[];
}

/** A hole is where more than so many steps of a source are missing. */
const HOLE_STEPS = 1.6;

type Points = PowerCourse["points"];
type Span = readonly [fromS: number, toS: number];

/** Times between two readings that lie too far apart. */
export function holesOf(points: Points): readonly Span[] {
  const spans = points.slice(1).map(([timeS], i): Span => [points[i]![0], timeS]);
  const stepS = Math.min(...spans.map(([fromS, toS]) => toS - fromS));
  return spans.filter(([fromS, toS]) => toS - fromS > HOLE_STEPS * stepS);
}

/** The course with NaN in the middle of each hole. */
export function withHoles(points: Points): Points {
  const holes = holesOf(points).map(([fromS, toS]) => [(fromS + toS) / 2, Number.NaN] as const);
  return holes.length === 0 ? points : [...points, ...holes].sort(([a], [b]) => a - b);
}

export function align(courses: readonly PowerCourse[]): Aligned {
  const tables = courses.map(({ points }) => ({ byTime: new Map(withHoles(points)), holes: holesOf(points) }));
  const timeS = [...new Set(tables.flatMap(({ byTime }) => [...byTime.keys()]))].sort((a, b) => a - b);
  const powerW = tables.map(({ byTime, holes }) => {
    let next = 0;
    return timeS.map((time) => {
      const value = byTime.get(time);
      if (value !== undefined) return Number.isNaN(value) ? null : value;
      while (next < holes.length && holes[next]![1] <= time) next++;
      return next < holes.length && time > holes[next]![0] ? null : undefined;
    });
  });
  return { timeS, powerW };
}
