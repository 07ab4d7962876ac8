// `joulecast serve [MODEL…]`: the page, on this machine alone, until Ctrl-C; `serve --metrics`: a Prometheus endpoint. Prints where
// it listens, then stays.
import { originWarnings } from "../../../measure/origin.ts";
import { checkWallMeter } from "../../../node/meters/wall-meter.ts";
import { type MetricsServer, startMetricsServer } from "../../../node/metrics-server.ts";
import { readModel } from "../../../node/model.ts";
import { withInterrupts } from "../../../node/run/interrupts.ts";
import { openMachine } from "../../../node/sampler/open-machine.ts";
import { type PrometheusFamily, runFamilies } from "../../../node/store/exports/prometheus.ts";
import { listRunIds } from "../../../node/store/run-folders.ts";
import type { Store } from "../../../node/store/runs.ts";
import { textCell } from "../../../report/show.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Command, CommandContext, OptionValues, Outcome } from "../../command.ts";
import { countOption, flagOption, quantityOption, repeatedOption, textOption } from "../../options.ts";
import { machineSpec, SOURCE_OPTIONS } from "../measuring/machine-options.ts";
import { openUserStore } from "./stored-runs.ts";

const SHORTEST_PERIOD_S = 0.01;
const LONGEST_PERIOD_S = 60;
const DEFAULT_RUNS = 10;
const HIGHEST_PORT = 65_535;
/** As for `doctor`; how often is --period here, and joules are shown as the sources see them. */
const MACHINE_OPTIONS = SOURCE_OPTIONS.filter(({ flags }) => !/^--(rate|wall-factor)/.test(flags));

/** The newest runs. Read from their folders: the database stays free for those who measure. */
function newestRuns(store: Store, count: number): readonly PrometheusFamily[] {
  const ids = count === 0 ? [] : listRunIds(store.paths.runs).slice(-count);
  const runs = ids.flatMap((id) => {
    try {
      return [store.getRun(id)];
    } catch (error) {
      // Removed meanwhile, or a broken record: the others are still worth showing.
      if (error instanceof InputError) return [];
      throw error;
    }
  });
  return runFamilies(runs);
}

function portOption(options: OptionValues): number {
  const port = countOption(options, "--port", 0) ?? 0;
  if (port <= HIGHEST_PORT) return port;
  throw new InputError("out-of-range", `--port ${port} is out of range`, `give 0 (any free one) to ${HIGHEST_PORT}`);
}

/** Until somebody asks the program to end. Ctrl-C ends it with 130 as anywhere; SIGTERM is how services are stopped, and no failure. */
async function untilAsked(server: Pick<MetricsServer, "close">, close: () => void): Promise<number> {
  const reason = await withInterrupts(
    (signal) => new Promise((done) => signal.addEventListener("abort", () => done(signal.reason))),
  );
  await server.close();
  close();
  return reason === "SIGTERM" ? 0 : 130;
}

const STUDY = "--study";
const METRICS_ONLY = ["--host", "--period", "--runs"] as const;

async function servePage(models: readonly string[], options: OptionValues, context: CommandContext): Promise<Outcome> {
  const stray = METRICS_ONLY.find((flag) => textOption(options, flag) !== undefined);
  if (stray !== undefined)
    throw new InputError(
      "bad-usage",
      `${stray} is for --metrics`,
      "the page is served to this machine only; leave it out, or add --metrics",
    );
  const port = portOption(options);
  const studies = repeatedOption(options, STUDY);
  const machine = await machineSpec(options);
  // The page would say it too, to somebody who has opened the link.
  for (const model of models) await readModel(model);
  const { store, messages } = await openUserStore();
  const { startPageServer } = await import("../../../node/web/page-server.ts");
  const server = await startPageServer({ store, version: context.version, machine, models, studies, port });
  let forget = (): void => undefined;
  if (flagOption(options, "--open")) {
    const { openInBrowser } = await import("../../../node/web/open-browser.ts");
    forget = openInBrowser(server.url);
  }
  return {
    result: { url: server.url, host: "127.0.0.1", port: server.port, models: models.length, studies: studies.length },
    document: {
      title: server.url,
      subtitle: "open it in a browser of this machine; whoever has the link sees your runs",
      sections: [{ kind: "notes", notes: ["Ctrl-C ends it"] }],
    },
    remarks: messages,
    afterwards: () => untilAsked(server, forget),
  };
}

async function serveMetrics(options: OptionValues): Promise<Outcome> {
  const port = portOption(options);
  const host = textOption(options, "--host") ?? "127.0.0.1";
  const periodS = quantityOption(options, "--period", "s", SHORTEST_PERIOD_S, LONGEST_PERIOD_S) ?? 1;
  const count = countOption(options, "--runs", 0) ?? DEFAULT_RUNS;
  const spec = await machineSpec(options);
  const { store, messages } = await openUserStore();
  const machine = openMachine(spec);
  const { usable, unusable } = machine;
  let server: MetricsServer;
  try {
    checkWallMeter(unusable);
    server = await startMetricsServer({ sources: usable, periodS, host, port, more: () => newestRuns(store, count) });
  } catch (error) {
    machine.close();
    throw error;
  }
  const sources = usable.map(({ info: { id, domain, kind } }) => ({ id, domain, kind }));
  const elsewhere = originWarnings(usable.map(({ info }) => info));
  const nothing = "no power source can be read: only earlier runs are shown; `joulecast doctor` says what is missing";
  return {
    result: { url: server.url, host, port: server.port, sources, unusable: unusable.length },
    document: {
      title: `Metrics at ${server.url}`,
      sections: [
        {
          kind: "table",
          name: "sources",
          main: true,
          columns: [{ title: "source" }, { title: "domain" }, { title: "kind" }],
          rows: sources.map(({ id, domain, kind }) => [textCell(id), textCell(domain), textCell(kind)]),
        },
        ...(elsewhere.length > 0 ? [{ kind: "notes" as const, tone: "warning" as const, notes: elsewhere }] : []),
        { kind: "notes", notes: [...(sources.length === 0 ? [nothing] : []), "Ctrl-C ends it"] },
      ],
    },
    remarks: messages,
    afterwards: () => untilAsked(server, machine.close),
  };
}

export const serve: Command = {
  name: "serve",
  summary: "the page in your browser: networks, live power, runs; or a Prometheus endpoint",
  arguments: [{ name: "model", description: ".onnx files that the page may open", required: false, variadic: true }],
  options: [
    { flags: "--open", description: "open the page in the browser as well" },
    { flags: "--port <n>", description: "port (default 0: any that is free; it is printed)" },
    {
      flags: `${STUDY} <folder>`,
      description: "a study that the page shows, also while it runs; may be repeated",
      repeatable: true,
    },
    { flags: "--metrics", description: "serve /metrics in Prometheus' text format instead of the page" },
    {
      flags: "--host <address>",
      description: "with --metrics: address to listen on (default 127.0.0.1: this machine only)",
    },
    { flags: "--period <time>", description: "with --metrics: time between two reads, 10ms to 60s (default 1s)" },
    {
      flags: "--runs <n>",
      description: `with --metrics: how many of the newest runs are shown as well (default ${DEFAULT_RUNS})`,
    },
    ...MACHINE_OPTIONS,
  ],
  examples: [
    "joulecast serve --open",
    "joulecast serve model.onnx --port 8080",
    "joulecast serve --study study1 --open",
    "joulecast serve --metrics --port 9464",
    "joulecast serve --metrics --host 0.0.0.0 --port 9464 --runs 0",
  ],
  run: async (models, options, context) => {
    if (!flagOption(options, "--metrics")) return servePage(models, options, context);
    const stray = models[0] ?? (repeatedOption(options, STUDY).length > 0 ? STUDY : undefined);
    if (stray === undefined) return serveMetrics(options);
    throw new InputError("bad-usage", `${stray} has no meaning with --metrics`, "leave out one of them");
  },
};
