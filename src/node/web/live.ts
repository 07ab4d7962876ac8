// Recordings that are going on: those of `measure` and `run` (their journals in the store), and one of this server's own that only
// watches the machine and keeps nothing. Each is followed as server-sent events [HTML].
import { existsSync, readdirSync, statSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { InputError } from "../../units/input-error.ts";
import { openSession, type Session } from "../run/session.ts";
import type { MachineSpec } from "../sampler/protocol.ts";
import { isGone } from "../store/process-identity.ts";
import { RUN_ID } from "../store/run-id.ts";
import { SAFE_HEADERS } from "./answer.ts";
import { JournalTail } from "./journal-tail.ts";

/** Time between two looks at a journal, ms: its writer writes twice a second. */
const LOOK_MS = 250;
/** Streams at once: a page needs one. */
const MOST_STREAMS = 16;
/** Bytes that may wait for a slow reader before looking stops for a while. */
const MOST_WAITING_BYTES = 8 * 2 ** 20;

/** One that can be followed. */
export interface LiveRecording {
  readonly id: string;
  readonly command: string;
  readonly startedAt: string;
  /** This server's own: it can be stopped from the page. */
  readonly isWatch: boolean;
}

export interface Live {
  list(): readonly LiveRecording[];
  /** Sends what is recorded, and goes on until it ends. @throws InputError "unknown-recording" | "too-many-streams" */
  follow(id: string): (response: ServerResponse) => void;
  /** Starts to watch this machine; one at a time. @throws InputError "no-sources" */
  watch(): Promise<LiveRecording>;
  /** @throws InputError "unknown-recording" */
  stop(id: string): Promise<void>;
  close(): Promise<void>;
}

const WATCH_COMMAND = "this machine";

/** @param journals the store's folder of journals */
export function openLive(journals: string, machine: MachineSpec): Live {
  const streams = new Set<() => void>();
  let watching: { readonly recording: LiveRecording; readonly session: Session } | undefined;
  let starting: Promise<LiveRecording> | undefined;

  function describe(path: string, isWatch: boolean): LiveRecording | undefined {
    let tail: JournalTail;
    try {
      tail = new JournalTail(path);
    } catch {
      // Finished and gone meanwhile, or no journal.
      return undefined;
    }
    const { runId, command, startedAt, owner } = tail.header;
    tail.close();
    const idleS = (Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0)) / 1000;
    return isWatch || !isGone(owner, idleS) ? { id: runId, command, startedAt, isWatch } : undefined;
  }

  function list(): readonly LiveRecording[] {
    const names = existsSync(journals) ? readdirSync(journals).filter((name) => name.endsWith(".jnl")) : [];
    const own = watching === undefined ? [] : [watching.recording];
    const others = names.flatMap((name) => describe(join(journals, name), false) ?? []);
    return [...own, ...others.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))];
  }

  /** Only ids of the right form make a path. */
  function pathOf(id: string): string {
    if (watching?.recording.id === id) return watching.session.journalPath;
    const path = RUN_ID.test(id) ? join(journals, `${id}.jnl`) : undefined;
    if (path !== undefined && existsSync(path)) return path;
    throw new InputError(
      "unknown-recording",
      "that recording is not going on",
      "it may have ended: look among the runs",
    );
  }

  async function start(): Promise<LiveRecording> {
    const session = await openSession({ machine });
    const known = describe(session.journalPath, true)!;
    const recording = { ...known, command: WATCH_COMMAND };
    watching = { recording, session };
    return recording;
  }

  return {
    list,
    follow(id) {
      const path = pathOf(id);
      if (streams.size >= MOST_STREAMS)
        throw new InputError("too-many-streams", `${MOST_STREAMS} live views are open`, "close some of them");
      const isWatch = watching?.recording.id === id;
      return (response) => {
        const end = stream(new JournalTail(path), response, isWatch, () => streams.delete(end));
        streams.add(end);
      };
    },
    async watch() {
      if (watching !== undefined) return watching.recording;
      starting ??= start().finally(() => {
        starting = undefined;
      });
      return starting;
    },
    async stop(id) {
      if (watching?.recording.id !== id)
        throw new InputError("unknown-recording", "that recording is not this page's", "end its program instead");
      const { session } = watching;
      watching = undefined;
      await session.close();
    },
    async close() {
      for (const end of streams) end();
      await starting?.catch(() => undefined);
      await watching?.session.close();
      watching = undefined;
    },
  };
}

/** Sends pieces until the recording or the reader ends. @returns ends it */
function stream(tail: JournalTail, response: ServerResponse, isWatch: boolean, onEnd: () => void): () => void {
  const { runId, command, startedAt, sources } = tail.header;
  const say = (event: string, data: unknown) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    tail.close();
    response.end();
    onEnd();
  };
  const look = (): void => {
    if (response.writableLength > MOST_WAITING_BYTES) {
      timer = setTimeout(look, LOOK_MS);
      return;
    }
    const { footer, isMore, ...piece } = tail.next();
    if (piece.columns.length > 0 || piece.marks.length > 0) say("piece", piece);
    if (footer !== undefined) {
      say("end", footer);
      end();
    } else timer = setTimeout(look, isMore ? 0 : LOOK_MS);
  };
  response.writeHead(200, { ...SAFE_HEADERS, "content-type": "text/event-stream", "cache-control": "no-store" });
  response.on("close", end);
  say("start", { id: runId, command: isWatch ? WATCH_COMMAND : command, startedAt, sources, isWatch });
  look();
  return end;
}
