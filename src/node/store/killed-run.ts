// Joules of a run that was killed, from the windows in its journal: idle time gives the baseline, warm-ups are left out, a window that
// was open ends with the last reading. A run that was killed while idle has no joules.
import { takeBaseline } from "../../measure/baseline.ts";
import { accountsOf, measureWindow } from "../../measure/measure.ts";
import type { Window } from "../../measure/trace.ts";
import { windowsFrom } from "../../measure/windows.ts";
import { lastTimeS } from "./journal-read.ts";
import type { Analyse } from "./recover.ts";

const isIdle = ({ name }: Window): boolean => /^idle(-after)?$/.test(name);
const isWarmUp = ({ name }: Window): boolean => /(^|\/)warm-up/.test(name);

/** From the first window's start to the last one's end, and each window on its own. */
export const analyseKilled: Analyse = (recording) => {
  const { windows } = windowsFrom(recording.marks, lastTimeS(recording));
  const all = windows.filter(({ fromS, toS }) => toS > fromS);
  const own = all.filter((window) => !isIdle(window) && !isWarmUp(window));
  if (own.length === 0 || recording.traces.length === 0) return { measurements: [], windows: [] };
  const fromS = Math.min(...own.map((window) => window.fromS));
  const toS = Math.max(...own.map((window) => window.toS));
  const shown = own.length === 1 ? own : [{ name: "run", fromS, toS }, ...own];
  const idle = all.filter(isIdle).map((window) => ({ recording, window }));
  const settings = idle.length === 0 ? {} : { baseline: takeBaseline(idle) };
  const accounts = accountsOf(recording);
  return { windows: shown, measurements: shown.map((window) => measureWindow(accounts, window, settings)) };
};
