// The local server of the page: its files, and what only this machine knows (runs, live power, files it was given). On node:http, as
// metrics-server.ts: a dozen routes in a table need no framework. It listens on loopback, and nowhere else.
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { InputError } from "../../units/input-error.ts";
import type { MachineSpec } from "../sampler/protocol.ts";
import type { Store } from "../store/runs.ts";
import { type Answer, answerTo, refused, send } from "./answer.ts";
import { type Asset, readAssets } from "./assets.ts";
import { type Guard, makeGuard } from "./guard.ts";
import { openLive } from "./live.ts";
import { openModels } from "./models.ts";
import { ROUTES, type Served } from "./routes.ts";
import { openStudies } from "./studies.ts";

/** Where `npm run build:web` puts the page. */
const PAGE_FOLDER = fileURLToPath(new URL("../../web/", import.meta.url));

const LOOPBACK = "127.0.0.1";
/** No request of the page has a body worth reading. */
const MOST_BODY_BYTES = 1024;
const MOST_CONNECTIONS = 128;
const MOST_HEADER_BYTES = 16 * 1024;

export interface PageServerOptions {
  readonly store: Store;
  readonly version: string;
  /** What is watched when the page asks for it. */
  readonly machine: MachineSpec;
  /** Model files that the page may read. Default: none. */
  readonly models?: readonly string[];
  /** Folders of `study run` that the page shows. Default: none. */
  readonly studies?: readonly string[];
  /** Default 0: any that is free. */
  readonly port?: number;
  /** Folder of the built page. Default: the package's. */
  readonly folder?: string;
}

export interface PageServer {
  /** With the token: whoever has it may use the server. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const REFUSALS: Readonly<Record<string, readonly [code: string, problem: string, hint: string]>> = {
  EADDRINUSE: ["port-in-use", "another program listens there", "give another --port, or 0 for any that is free"],
  EACCES: ["port-closed", "not allowed", "ports below 1024 are for root: give a higher one"],
};

/** @throws InputError "no-page" | "port-in-use" | "port-closed" | "no-study" | what the models' files say */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const { store, version, machine, port = 0, folder = PAGE_FOLDER } = options;
  const assets = readAssets(folder);
  const studies = openStudies(options.studies ?? []);
  const models = openModels(options.models ?? []);
  const live = openLive(store.paths.journals, machine);
  const served: Served = { version, models, studies, store, live };
  let guard: Guard | undefined;

  const server = createServer({ maxHeaderSize: MOST_HEADER_BYTES }, async (request, response) => {
    try {
      send(response, await answerOf(request, guard!, assets, served), request.method === "HEAD");
    } catch (error) {
      // A bug: this one answer fails, the server goes on, and whoever started it sees why.
      process.stderr.write(`${(error as Error).stack}\n`);
      if (!response.headersSent) send(response, refused(500, "bug", "this should not happen"), false);
      else response.destroy();
    }
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.listen(port, LOOPBACK);
  try {
    await once(server, "listening");
  } catch (error) {
    for (const { file } of models) file.close();
    const known = REFUSALS[(error as NodeJS.ErrnoException).code ?? ""];
    if (known === undefined) throw error;
    throw new InputError(known[0], `cannot listen on ${LOOPBACK}:${port}: ${known[1]}`, known[2]);
  }
  const bound = (server.address() as AddressInfo).port;
  guard = makeGuard(bound);
  return {
    url: `http://${LOOPBACK}:${bound}/?token=${guard.token}`,
    port: bound,
    async close() {
      await live.close();
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
      for (const { file } of models) file.close();
    },
  };
}

async function answerOf(
  request: IncomingMessage,
  guard: Guard,
  assets: ReadonlyMap<string, Asset>,
  served: Served,
): Promise<Answer> {
  const reason = guard.refusal(request);
  if (reason !== undefined) return refused(403, "foreign", reason, "open the address that `joulecast serve` printed");
  if (Number(request.headers["content-length"] ?? 0) > MOST_BODY_BYTES || request.headers["transfer-encoding"])
    // Not read: the connection ends instead.
    return {
      ...refused(413, "too-large", `a request may have ${MOST_BODY_BYTES} bytes`),
      headers: { connection: "close" },
    };
  request.resume();
  const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
  const params = new URLSearchParams(query);
  if (path.startsWith("/api/")) return apiAnswer(request, path.slice("/api/".length), params, guard, served);
  return pageAnswer(request, path, params, guard, assets);
}

function pageAnswer(
  request: IncomingMessage,
  path: string,
  params: URLSearchParams,
  guard: Guard,
  assets: ReadonlyMap<string, Asset>,
): Answer {
  if (request.method !== "GET" && request.method !== "HEAD") return refused(405, "bad-method", "use GET");
  const asset = assets.get(path);
  if (asset === undefined) return refused(404, "unknown-page", "there is no such page", "open /");
  const cookie = path === "/" ? guard.cookieFor(params.get("token")) : undefined;
  if (cookie !== undefined)
    return { status: 303, type: "text/plain", body: "", headers: { location: "/", "set-cookie": cookie } };
  const { type, bytes, etag, isForever } = asset;
  const headers = { etag, "cache-control": isForever ? "private, max-age=31536000, immutable" : "no-cache" };
  if (request.headers["if-none-match"] === etag) return { status: 304, type, body: "", headers };
  return { status: 200, type, body: bytes, headers };
}

async function apiAnswer(
  request: IncomingMessage,
  path: string,
  query: URLSearchParams,
  guard: Guard,
  served: Served,
): Promise<Answer> {
  if (!guard.isKnown(request))
    return refused(401, "no-token", "this browser has not shown the token", "open the link that was printed");
  const fitting = ROUTES.filter((route) => route.path.test(path));
  const method = request.method === "HEAD" ? "GET" : request.method;
  const route = fitting.find((each) => each.method === method);
  if (route === undefined)
    return fitting.length > 0
      ? refused(405, "bad-method", `use ${fitting.map((each) => each.method).join(" or ")}`)
      : refused(404, "unknown-route", "there is nothing of that name");
  const id = route.path.exec(path)?.[1] ?? "";
  try {
    return await route.answer(served, { id, query, range: request.headers.range });
  } catch (error) {
    return answerTo(error);
  }
}
