// Waits between two ticks. Long waits are timers, so that messages come in between; short ones block the thread (a timer of Node's
// has a grain of 1 ms and costs more), and the event loop is let turn every so often. Knows nothing of sources.

/** Waits up to this block the thread, s: from 50 Hz on. */
const BLOCKING_WAIT_S = 0.0201;
/** The event loop turns at least so often, s: messages and programs that print wait no longer than that. */
const LONGEST_DEAF_S = 0.1;

export interface PaceOptions {
  /** Does what is due and says when the next thing is, s on `clock`. */
  readonly tick: () => number;
  readonly clock: () => number;
}

/** Calls `tick` on time until the returned function is called. */
export function keepPace({ tick, clock }: PaceOptions): () => void {
  const nobody = new Int32Array(new SharedArrayBuffer(4)); // nothing ever wakes who waits here: it is a sleep
  let running = true;
  const turn = (): void => {
    const deafFromS = clock();
    while (running) {
      const dueS = tick();
      const nowS = clock();
      const waitS = dueS - nowS;
      if (waitS > BLOCKING_WAIT_S) {
        setTimeout(turn, Math.round(waitS * 1000));
        return;
      }
      if (nowS + waitS - deafFromS > LONGEST_DEAF_S) {
        setImmediate(rest, dueS);
        return;
      }
      sleep(waitS);
    }
  };
  const rest = (dueS: number): void => {
    if (!running) return;
    sleep(dueS - clock());
    turn();
  };
  const sleep = (waitS: number): void => {
    if (waitS > 0) Atomics.wait(nobody, 0, 0, waitS * 1000);
  };
  setImmediate(turn);
  return () => {
    running = false;
  };
}
