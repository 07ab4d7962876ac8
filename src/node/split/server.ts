// The server of a split network: takes a representation and the cut it was made at, runs the other half and answers with the outputs.
// Two routes and a description on node:http, as in metrics-server.ts. Nothing that is sent can make it fall: lengths are known before a
// body is read, models are compared by digest, and what is wrong is refused with its reason.
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Runtime, WeightReader } from "../../runtime/runtime.ts";
import type { SplitNetwork } from "../../split/split-network.ts";
import { InputError } from "../../units/input-error.ts";
import { HalvesCache } from "./halves.ts";
import {
  type About,
  bitsFromText,
  cutFromText,
  digestOf,
  HEADERS,
  messageBytes,
  modelFile,
  PATHS,
  packTensors,
  type Refusal,
  unpackTensors,
} from "./protocol.ts";

export interface SplitServerOptions {
  readonly network: SplitNetwork;
  readonly weights: WeightReader;
  readonly runtime: Runtime;
  /** Default "127.0.0.1": programs of this machine only. */
  readonly host?: string;
  /** Default 0: any that is free. */
  readonly port?: number;
  /** Told of every answer: "POST /infer 200". */
  readonly onAnswer?: (line: string) => void;
}

export interface SplitServer {
  readonly url: string;
  readonly port: number;
  readonly digest: string;
  readonly modelBytes: number;
  close(): Promise<void>;
}

/** Time for a whole request, ms; a slow link of a real device is slower than loopback. */
const REQUEST_MS = 120_000;
const HEADERS_MS = 10_000;
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Uint8Array | string;
}

const refusal = (status: number, code: string, message: string): Answer => ({
  status,
  type: "application/json",
  body: JSON.stringify({ code, message } satisfies Refusal),
});

/** What a page in a browser could reach by a name that points here must not be answered. */
const isForeign = (request: IncomingMessage, host: string): boolean =>
  (LOOPBACK.has(host) || host === "::1") && !LOOPBACK.has(request.headers.host?.replace(/:\d+$/, "") ?? "");

const headerOf = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** The whole body when it is exactly `length` long; undefined for any other. */
async function bodyOf(request: IncomingMessage, length: number): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let got = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    got += chunk.length;
    if (got > length) return undefined;
    chunks.push(chunk);
  }
  return got === length ? Buffer.concat(chunks) : undefined;
}

const REFUSALS: Readonly<Record<string, readonly [code: string, problem: string, hint: string]>> = {
  EADDRINUSE: ["port-in-use", "another program listens there", "give another --port, or 0 for any that is free"],
  EACCES: ["port-closed", "not allowed", "ports below 1024 are for root: give a higher one"],
  EADDRNOTAVAIL: ["bad-host", "this machine has no such address", "give --host 127.0.0.1, or 0.0.0.0 for all"],
  ENOTFOUND: ["bad-host", "no such name", "give --host 127.0.0.1, or 0.0.0.0 for all"],
};

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    const known = REFUSALS[(error as NodeJS.ErrnoException).code ?? ""];
    if (known === undefined) throw error;
    throw new InputError(known[0], `cannot listen on ${host}:${port}: ${known[1]}`, known[2]);
  }
}

/** @throws InputError "port-in-use" | "port-closed" | "bad-host" */
export async function startSplitServer(options: SplitServerOptions): Promise<SplitServer> {
  const { network, weights, host = "127.0.0.1", port = 0, onAnswer = () => undefined } = options;
  const { graph } = network.shaped;
  const file = await modelFile(graph, weights);
  const digest = digestOf(file);
  const about: About = {
    protocol: 1,
    model: graph.name,
    digest,
    modelBytes: file.length,
    layers: network.layers.length,
  };
  const cache = new HalvesCache(options);

  const infer = async (request: IncomingMessage): Promise<Answer> => {
    const theirs = headerOf(request, HEADERS.digest);
    if (theirs !== digest)
      return refusal(
        409,
        "other-model",
        `this server has ${digest.slice(0, 12)}…, you mean ${(theirs ?? "none").slice(0, 12)}…`,
      );
    const bits = bitsFromText(headerOf(request, HEADERS.bits));
    const halves = cache.of(cutFromText(headerOf(request, HEADERS.cut) ?? "", network.layers.length));
    const expected = messageBytes(halves.crossing, network.shaped.graph.tensors, bits);
    const declared = Number(headerOf(request, "content-length"));
    if (declared !== expected)
      return refusal(
        declared > expected ? 413 : 400,
        "bad-length",
        `this cut takes ${expected} bytes, content-length is ${headerOf(request, "content-length") ?? "not there"}`,
      );
    const body = await bodyOf(request, expected);
    if (body === undefined) return refusal(400, "bad-length", `the body is not ${expected} bytes long`);
    const given = unpackTensors(body, halves.crossing, network.shaped.graph.tensors, bits);
    const outputs = await halves.server.run(given);
    return {
      status: 200,
      type: "application/octet-stream",
      body: packTensors(halves.server.graph.outputs, outputs, 32),
    };
  };

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    if (isForeign(request, host)) return refusal(403, "foreign", "only programs on this machine may ask");
    const path = request.url?.split("?")[0];
    const isRead = request.method === "GET";
    if (path === PATHS.about && isRead) return { status: 200, type: "application/json", body: JSON.stringify(about) };
    if (path === PATHS.model && isRead) return { status: 200, type: "application/octet-stream", body: file };
    if (path === PATHS.infer && request.method === "POST") return infer(request);
    const isKnown = path === PATHS.about || path === PATHS.model || path === PATHS.infer;
    return isKnown
      ? refusal(405, "bad-method", `${request.method} is not for ${path}`)
      : refusal(404, "no-such-path", `there are ${Object.values(PATHS).join(", ")}`);
  };

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let given: Answer;
    try {
      given = await answer(request);
    } catch (error) {
      // A device that goes away in the middle of a body is no bug, and neither is what it sent.
      const isTheirs = error instanceof InputError || request.destroyed;
      given = isTheirs
        ? refusal(400, error instanceof InputError ? error.code : "aborted", (error as Error).message)
        : refusal(500, "bug", "this server failed at it; the others go on");
    }
    onAnswer(`${request.method} ${request.url?.slice(0, 80)} ${given.status}`);
    const isWhole = request.complete;
    response.writeHead(given.status, {
      "content-type": given.type,
      "content-length": Buffer.byteLength(given.body),
      // What is left of a body that was refused is not read: the connection ends with the answer.
      ...(isWhole ? {} : { connection: "close" }),
    });
    response.end(given.body, () => isWhole || request.destroy());
  };

  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: HEADERS_MS }, (request, response) => {
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    void respond(request, response);
  });
  try {
    await listen(server, host, port);
  } catch (error) {
    await cache.close();
    throw error;
  }
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    port: bound,
    digest,
    modelBytes: file.length,
    async close() {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
      await cache.close();
    },
  };
}
