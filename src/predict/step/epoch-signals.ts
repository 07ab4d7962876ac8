// When an epoch begins, from what a training program lets be seen: marks, lines that it prints, or so many of either. No clock here:
// the caller brings times, and is told when an epoch begins.

/** How epochs are seen. */
export interface SignalPlan {
  /** A line that matches begins an epoch, or ends one. The first group, if there is one, is the epoch's number: repeated lines count once. */
  readonly pattern?: RegExp;
  /** The lines stand at the end of an epoch, not at its beginning. Default false. */
  readonly atEnd?: boolean;
  /** So many signals (marks "step" or "batch", or lines) make an epoch. Default: each signal is one. */
  readonly steps?: number;
}

/** Marks that count as steps. */
const STEP_MARKS: readonly string[] = ["step", "batch"];
/** The longest line that is looked at, characters: a program may print without ever ending one. */
const LONGEST_LINE = 10_000;

export interface EpochSignals {
  /** The program starts. */
  begin(timeS: number): void;
  /** A mark of the program's. An epoch that is said twice begins once. */
  mark(name: string, value: string | number | undefined, timeS: number): void;
  /** A piece of what the program writes to one of its streams, in any cut. */
  output(stream: string, text: string, timeS: number): void;
}

/**
 * @param onEpoch told at the beginning of each epoch; `isMarked` when the program's own mark said so
 */
export function epochSignals(plan: SignalPlan, onEpoch: (timeS: number, isMarked: boolean) => void): EpochSignals {
  const { pattern, atEnd = false, steps } = plan;
  let signals = 0;
  const rests = new Map<string, string>();
  let lastNumber: string | undefined;
  let lastMark: string | number | undefined;
  const signal = (timeS: number): void => {
    const isFirstOfEpoch = signals % (steps ?? 1) === 0;
    signals++;
    const isLastOfEpoch = signals % (steps ?? 1) === 0;
    if (atEnd ? isLastOfEpoch : isFirstOfEpoch) onEpoch(timeS, false);
  };
  const line = (text: string, timeS: number): void => {
    const match = pattern?.exec(text);
    if (!match) return;
    const number = match[1];
    if (number !== undefined && number === lastNumber) return;
    lastNumber = number;
    signal(timeS);
  };
  return {
    begin(timeS) {
      if (atEnd) onEpoch(timeS, false);
    },
    mark(name, value, timeS) {
      if (pattern !== undefined) return;
      if (steps !== undefined) {
        if (STEP_MARKS.includes(name)) signal(timeS);
        return;
      }
      if (name !== "epoch" || (value !== undefined && value === lastMark)) return;
      lastMark = value;
      onEpoch(timeS, true);
    },
    output(stream, text, timeS) {
      if (pattern === undefined) return;
      // Progress bars write over their line with a carriage return.
      const lines = ((rests.get(stream) ?? "") + text).split(/\r\n|\r|\n/);
      rests.set(stream, (lines.pop() ?? "").slice(-LONGEST_LINE));
      for (const whole of lines) line(whole, timeS);
    },
  };
}
