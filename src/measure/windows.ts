// Windows from marks: named, overlapping, nested at will; and epochs. Marks carry monotonic times, set by the program under test.
import type { Mark, Window } from "./trace.ts";

/** Names of the marks that open and close a window; the mark's value is the window's name. */
export const OPEN = "window-open";
export const CLOSE = "window-close";

/** Windows in order of opening, and what did not fit. */
export interface FoundWindows {
  readonly windows: readonly Window[];
  readonly remarks: readonly string[];
}

/**
 * Pairs openings and closings by name. The same name may be opened again while open: then the last one opened closes first.
 * Windows still open end with the recording; a closing without an opening is a remark.
 * @param endS end of the recording, s
 */
export function windowsFrom(marks: readonly Mark[], endS: number): FoundWindows {
  const open = new Map<string, number[]>();
  const found: Window[] = [];
  const remarks: string[] = [];
  for (const { name, value, timeS } of [...marks].sort((a, b) => a.timeS - b.timeS)) {
    const label = String(value ?? "window");
    const starts = open.get(label) ?? [];
    if (name === OPEN) open.set(label, [...starts, timeS]);
    if (name !== CLOSE) continue;
    const fromS = starts.at(-1);
    if (fromS === undefined) remarks.push(`window "${label}" was closed but not open`);
    else found.push({ name: label, fromS, toS: timeS });
    open.set(label, starts.slice(0, -1));
  }
  for (const [label, starts] of open) {
    for (const fromS of starts) {
      remarks.push(`window "${label}" was not closed: it ends with the recording`);
      found.push({ name: label, fromS, toS: endS });
    }
  }
  return { windows: found.sort((a, b) => a.fromS - b.fromS), remarks };
}

/** The first seconds of a window and what comes after; undefined for a window that is not at least twice as long. @param firstS default 1 */
export function splitStart(window: Window, firstS = 1): { start: Window; rest: Window } | undefined {
  const { name, fromS, toS } = window;
  if (toS - fromS < 2 * firstS) return undefined;
  const cutS = fromS + firstS;
  return { start: { name: `${name}/start`, fromS, toS: cutS }, rest: { name: `${name}/rest`, fromS: cutS, toS } };
}

/**
 * Epochs from marks named `name`: each mark starts one, the next mark or `endS` ends it.
 * @returns windows "epoch 1", "epoch 2", … or with the marks' own values
 */
export function epochsFrom(marks: readonly Mark[], endS: number, name = "epoch"): readonly Window[] {
  const starts = marks.filter((mark) => mark.name === name).sort((a, b) => a.timeS - b.timeS);
  return starts.flatMap(({ timeS, value }, i) => {
    const toS = starts[i + 1]?.timeS ?? endS;
    return toS > timeS ? [{ name: `${name} ${value ?? i + 1}`, fromS: timeS, toS }] : [];
  });
}
