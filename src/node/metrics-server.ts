// A Prometheus endpoint: the power sources of this machine read live, and the newest runs of the store. Two routes on node:http, as in
// marks/server.ts: a web framework would be a dependency for less code than its set-up. Sources are read on a timer, not when
// somebody asks: joules of a gauge are its integral, and a counter must not wrap twice unseen.
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { LiveEnergy } from "../measure/live-energy.ts";
import type { PowerSource, Reading, SourceInfo } from "../measure/power-source.ts";
import { pollPeriodS } from "../measure/wrap.ts";
import { InputError } from "../units/input-error.ts";
import { monotonicS } from "./clock.ts";
import {
  originLabels,
  PROMETHEUS_CONTENT_TYPE,
  type PrometheusFamily,
  type PrometheusSample,
  renderPrometheus,
} from "./store/exports/prometheus.ts";

/** A gauge's readings are joined over so many periods at most. */
const GAP_PERIODS = 3;

export interface MetricsServerOptions {
  readonly sources: readonly PowerSource[];
  /** Time between two reads, s; shorter where a counter would wrap twice. Default 1. */
  readonly periodS?: number;
  /** Default "127.0.0.1": programs of this machine only. */
  readonly host?: string;
  /** Default 0: any that is free. */
  readonly port?: number;
  /** Further metrics, asked for at each scrape: the runs of the store. */
  readonly more?: () => readonly PrometheusFamily[];
  /** Monotonic time, s. Default: the machine's. */
  readonly clock?: () => number;
}

export interface MetricsServer {
  /** "http://127.0.0.1:43117/metrics" */
  readonly url: string;
  readonly port: number;
  /** Ends connections and the timer; the sources are the caller's. */
  close(): Promise<void>;
}

const labelsOf = (info: SourceInfo): PrometheusSample["labels"] => ({
  source: info.id,
  domain: info.domain,
  kind: info.kind,
  counted: String(info.partOf === undefined && info.counted !== false),
  ...originLabels([info]),
});

/** What is known of the sources now. */
function liveFamilies(sources: readonly LiveEnergy[]): readonly PrometheusFamily[] {
  const family = (
    name: string,
    type: PrometheusFamily["type"],
    help: string,
    value: (source: LiveEnergy) => number | undefined,
  ): PrometheusFamily => ({
    name,
    type,
    help,
    samples: sources.flatMap((source) => {
      const known = value(source);
      return known === undefined ? [] : [{ labels: labelsOf(source.info), value: known }];
    }),
  });
  return [
    family(
      "joulecast_energy_joules_total",
      "counter",
      'Energy since this endpoint started; sources with counted="false" are part of another.',
      ({ energyJ }) => energyJ,
    ),
    family(
      "joulecast_power_watts",
      "gauge",
      "Power now; of an energy counter the mean over the last seconds.",
      ({ powerW }) => powerW,
    ),
    family(
      "joulecast_source_up",
      "gauge",
      "1 when the last read of a source gave a number, 0 when it failed.",
      ({ isUp }) => (isUp ? 1 : 0),
    ),
    family(
      "joulecast_source_failed_reads_total",
      "counter",
      "Reads of a source that gave no number.",
      ({ failedReads }) => failedReads,
    ),
  ];
}

/** A meter that throws has failed to read: it must not end the others. */
function readingOf(source: PowerSource): Reading | undefined {
  try {
    return source.read();
  } catch {
    return undefined;
  }
}

/** What a page in a browser could reach by a name that points here must not be answered: runs hold command lines. */
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);
const isForeign = (request: IncomingMessage, host: string): boolean =>
  (LOOPBACK.has(host) || host === "::1") && !LOOPBACK.has(request.headers.host?.replace(/:\d+$/, "") ?? "");

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly text: string;
}

function answer(request: IncomingMessage, host: string, metrics: () => string): Answer {
  if (isForeign(request, host)) return { status: 403, text: "only programs on this machine may ask\n" };
  const path = request.url?.split("?")[0];
  if (path !== "/metrics" && path !== "/") return { status: 404, text: "there is /metrics\n" };
  if (request.method !== "GET" && request.method !== "HEAD") return { status: 405, text: "use GET\n" };
  if (path === "/") return { status: 200, text: "joulecast: the metrics are at /metrics\n" };
  return { status: 200, type: PROMETHEUS_CONTENT_TYPE, text: metrics() };
}

const REFUSALS: Readonly<Record<string, readonly [code: string, problem: string, hint: string]>> = {
  EADDRINUSE: ["port-in-use", "another program listens there", "give another --port, or 0 for any that is free"],
  EACCES: ["port-closed", "not allowed", "ports below 1024 are for root: give a higher one"],
  EADDRNOTAVAIL: ["bad-host", "this machine has no such address", "give --host 127.0.0.1, or 0.0.0.0 for all"],
  ENOTFOUND: ["bad-host", "no such name", "give --host 127.0.0.1, or 0.0.0.0 for all"],
};

/**
 * Starts reading and listening.
 * @throws InputError "port-in-use" | "port-closed" | "bad-host"
 */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { sources, periodS = 1, host = "127.0.0.1", port = 0, more = () => [], clock = monotonicS } = options;
  const everyS = Math.min(...sources.map(({ info }) => pollPeriodS(info, periodS)), periodS);
  const live = sources.map((source) => ({ source, energy: new LiveEnergy(source.info, GAP_PERIODS * everyS) }));
  const readAll = () => {
    for (const { source, energy } of live) {
      const fromS = clock();
      const reading = readingOf(source);
      energy.add((fromS + clock()) / 2, reading);
    }
  };
  const metrics = () => renderPrometheus([...liveFamilies(live.map(({ energy }) => energy)), ...more()]);

  const server = createServer((request, response) => {
    try {
      const { status, type = "text/plain; charset=utf-8", text } = answer(request, host, metrics);
      response.writeHead(status, { "content-type": type, ...(status === 405 && { allow: "GET, HEAD" }) });
      response.end(request.method === "HEAD" ? undefined : text);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      response.writeHead(503, { "content-type": "text/plain; charset=utf-8" }).end(`${error.message}\n`);
    }
  });
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    const known = REFUSALS[(error as NodeJS.ErrnoException).code ?? ""];
    if (known === undefined) throw error;
    throw new InputError(known[0], `cannot listen on ${host}:${port}: ${known[1]}`, known[2]);
  }
  readAll();
  const timer = setInterval(readAll, everyS * 1000);
  const bound = (server.address() as AddressInfo).port;
  const shown = host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${shown}:${bound}/metrics`,
    port: bound,
    async close() {
      clearInterval(timer);
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    },
  };
}
