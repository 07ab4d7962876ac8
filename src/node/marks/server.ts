// Marks from programs in other languages: a Unix socket (a named pipe on Windows) that takes lines, and HTTP on 127.0.0.1 that takes
// POST /mark. Both addresses are given to the program in its environment. Two lines of Python:
//   import os, urllib.request as u
//   u.urlopen(os.environ["JOULECAST_URL"] + "/mark", b"epoch 3")
// No secret: the socket lies in a folder of the user's own, HTTP answers this machine only and refuses what a browser's page sends.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createSocketServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monotonicS } from "../clock.ts";
import { LONGEST_LINE_BYTES, markOf, parseMark, type SaidMark } from "./line.ts";
import { claimFolder } from "./stale-folders.ts";

/** Environment variables that the program under test finds. */
export const SOCKET_VARIABLE = "JOULECAST_SOCKET";
export const URL_VARIABLE = "JOULECAST_URL";

const LONGEST_BODY_BYTES = 64 * 1024;
const NEWLINE = 10;

export interface MarkServerOptions {
  /** Takes a mark, with the monotonic time at which it arrived, s. What it returns is waited for before more is read: back-pressure. */
  readonly onMark: (mark: SaidMark, timeS: number) => Promise<void> | void;
  /** Monotonic time, s. Default: the machine's. */
  readonly clock?: () => number;
  /** Folder in which the socket's own folder is made; short, as a socket's path has at most 104 bytes. Default: the system's. */
  readonly folder?: string;
}

export interface MarkServer {
  readonly socketPath: string;
  /** "http://127.0.0.1:43117" */
  readonly url: string;
  /** For the program's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Marks taken, and lines or requests that were none. */
  counts(): { readonly taken: number; readonly refused: number };
  /** Takes no more, ends open connections, removes the socket. */
  close(): Promise<void>;
}

/** Starts listening on both. */
export async function startMarkServer(options: MarkServerOptions): Promise<MarkServer> {
  const { onMark, clock = monotonicS, folder = tmpdir() } = options;
  const counts = { taken: 0, refused: 0 };
  /** @returns why it is no mark, or undefined */
  const take = async (said: ReturnType<typeof parseMark>, timeS: number): Promise<string | undefined> => {
    if (said === undefined) return undefined;
    if ("problem" in said) {
      counts.refused++;
      return said.problem;
    }
    counts.taken++;
    await onMark(said, timeS);
    return undefined;
  };

  const isWindows = process.platform === "win32";
  const home = isWindows ? undefined : mkdtempSync(join(folder, "joulecast-"));
  if (home !== undefined) claimFolder(home);
  const socketPath = home === undefined ? `\\\\.\\pipe\\joulecast-${randomUUID()}` : join(home, "marks");
  const sockets = new Set<Socket>();
  const lines = createSocketServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()); // the program ended in the middle of a line
    socket.on("close", () => sockets.delete(socket));
    void readLines(socket, (line) => take(parseMark(line), clock()));
  });
  const http = createServer((request, response) => {
    const timeS = clock();
    answer(request, (body) => takeBody(body, (said) => take(said, timeS)))
      .then(([status, text]) => reply(response, status, text))
      .catch(() => response.destroy());
  });
  await Promise.all([listening(lines, socketPath), listening(http, 0, "127.0.0.1")]);
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return {
    socketPath,
    url,
    env: { [SOCKET_VARIABLE]: socketPath, [URL_VARIABLE]: url },
    counts: () => ({ ...counts }),
    async close() {
      const closed = [lines, http].map((server) => new Promise((done) => server.close(done)));
      for (const socket of sockets) socket.destroy();
      http.closeAllConnections();
      await Promise.all(closed);
      if (home !== undefined) rmSync(home, { recursive: true, force: true });
    },
  };
}

async function listening(server: Server, ...where: [string] | [number, string]): Promise<void> {
  server.unref(); // a program that forgets to close may still end
  server.listen(...(where as [string]));
  await once(server, "listening");
}

/** Reads lines until the program ends them, then tells how many were marks and what was wrong with the first that was none. */
async function readLines(socket: Socket, take: (line: string) => Promise<string | undefined>): Promise<void> {
  let rest = Buffer.alloc(0);
  let skipping = false;
  let problem: string | undefined;
  const line = async (bytes: Buffer) => {
    const tried = await take(bytes.toString("utf8"));
    problem ??= tried;
  };
  try {
    // Asking for the next piece only when this one's marks are taken; the socket stays open for the answer.
    for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE)) {
        if (skipping || end > LONGEST_LINE_BYTES) problem ??= tooLong();
        else await line(bytes.subarray(0, end));
        skipping = false;
        bytes = bytes.subarray(end + 1);
      }
      skipping ||= bytes.length > LONGEST_LINE_BYTES;
      rest = skipping ? Buffer.alloc(0) : Buffer.from(bytes);
    }
    if (rest.length > 0) await line(rest);
    socket.end(problem === undefined ? "ok\n" : `refused: ${problem}\n`);
  } catch {
    socket.destroy(); // the connection broke: what came whole was taken
  }
}

const tooLong = () => `a line longer than ${LONGEST_LINE_BYTES} bytes`;

/** Marks of a request's body: a JSON object, a list of them, or lines. */
async function takeBody(
  body: string,
  take: (said: ReturnType<typeof parseMark>) => Promise<string | undefined>,
): Promise<string | undefined> {
  const text = body.trim();
  if (!/^[[{]/.test(text)) {
    let problem: string | undefined;
    for (const line of text.split("\n")) {
      const tried = await take(line.length > LONGEST_LINE_BYTES ? { problem: tooLong() } : parseMark(line));
      problem ??= tried;
    }
    return text === "" ? take({ problem: "the body is empty" }) : problem;
  }
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return take({ problem: "not JSON" });
  }
  let problem: string | undefined;
  for (const each of Array.isArray(said) ? said : [said]) {
    const tried = await take(markOf(each));
    problem ??= tried;
  }
  return problem;
}

type Answer = readonly [status: number, text: string];

async function answer(request: IncomingMessage, take: (body: string) => Promise<string | undefined>): Promise<Answer> {
  const host = request.headers.host?.replace(/:\d+$/, "");
  // A page in a browser may reach 127.0.0.1 too: it says where it comes from, or calls us by another name.
  if (request.headers.origin !== undefined || (host !== "127.0.0.1" && host !== "localhost"))
    return [403, "only programs on this machine may set marks"];
  if (request.url?.split("?")[0] !== "/mark") return [404, "there is POST /mark"];
  if (request.method !== "POST") return [405, 'use POST with a line ("epoch 3") or {"name": "epoch", "value": 3}'];
  const body = await bodyOf(request);
  if (body === undefined) return [413, `at most ${LONGEST_BODY_BYTES} bytes`];
  const problem = await take(body);
  return problem === undefined ? [204, ""] : [400, problem];
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes <= LONGEST_BODY_BYTES) chunks.push(chunk);
  }
  return sizeBytes > LONGEST_BODY_BYTES ? undefined : Buffer.concat(chunks).toString("utf8");
}

function reply(response: ServerResponse, status: number, text: string): void {
  if (status === 204) response.writeHead(204).end();
  else response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}
