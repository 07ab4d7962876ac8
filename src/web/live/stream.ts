// Following a recording of the local server: its events in, what is to be seen out, as often as the machine can bear. Looking takes a
// twentieth of the time at most, for it draws power that belongs to the run.
import { useEffect, useState } from "preact/hooks";
import type { SourceInfo } from "../../measure/power-source.ts";
import type { EpochRange } from "../../predict/step/marked-epochs.ts";
import { GrowingRecording, type Piece, type Seen, see } from "./growing.ts";

export interface LiveRecording {
  readonly id: string;
  readonly command: string;
  readonly startedAt: string;
  readonly isWatch: boolean;
}

export interface Following {
  readonly about: LiveRecording | undefined;
  readonly sources: readonly SourceInfo[];
  readonly seen: Seen | undefined;
  /** "ended": by itself. "lost": the connection ended before it did. */
  readonly state: "waiting" | "going" | "ended" | "lost";
}

const NOTHING: Following = { about: undefined, sources: [], seen: undefined, state: "waiting" };
const LEAST_MS = 500;
const LOOKING_RATIO = 0.05;

export function useLive(id: string | undefined, planned: EpochRange | undefined, spanS: number | undefined): Following {
  const [state, setState] = useState<Following>(NOTHING);
  const plan = planned?.join("-");
  useEffect(() => {
    setState(NOTHING);
    if (id === undefined) return;
    let growing: GrowingRecording | undefined;
    let timer: number | undefined;
    let isOver = false;
    const look = () => {
      timer = undefined;
      if (growing === undefined) return;
      const seen = see(growing, planned, spanS, isOver);
      setState((before) => ({ ...before, seen }));
    };
    /** Soon, and not before the last look has been paid for. */
    let freeAt = 0;
    const lookSoon = () => {
      timer ??= window.setTimeout(
        () => {
          const startedAt = performance.now();
          look();
          freeAt = performance.now() + Math.max(LEAST_MS, (performance.now() - startedAt) / LOOKING_RATIO);
        },
        Math.max(0, freeAt - performance.now()),
      );
    };
    const events = new EventSource(`api/live/${id}`);
    events.addEventListener("start", ({ data }) => {
      const { sources, ...about } = JSON.parse(data) as LiveRecording & { sources: readonly SourceInfo[] };
      growing = new GrowingRecording(sources);
      setState((before) => ({ ...before, about, sources, state: "going" }));
    });
    events.addEventListener("piece", ({ data }) => {
      growing?.add(JSON.parse(data) as Piece);
      lookSoon();
    });
    events.addEventListener("end", () => {
      isOver = true;
      events.close();
      look();
      setState((before) => ({ ...before, state: "ended" }));
    });
    events.addEventListener("error", () => {
      // It would begin anew by itself, and everything would come twice.
      events.close();
      setState((before) => (before.state === "ended" ? before : { ...before, state: "lost" }));
    });
    return () => {
      events.close();
      clearTimeout(timer);
    };
  }, [id, plan, spanS]);
  return state;
}
