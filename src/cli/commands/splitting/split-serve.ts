// `joulecast split serve MODEL`: the server's half of a split network over HTTP until Ctrl-C. Prints where it listens, then stays.
import { withInterrupts } from "../../../node/run/interrupts.ts";
import { type SplitServer, startSplitServer } from "../../../node/split/server.ts";
import { countCell, quantityCell, textCell } from "../../../report/show.ts";
import { splitNetwork } from "../../../split/split-network.ts";
import { InputError } from "../../../units/input-error.ts";
import type { Command } from "../../command.ts";
import { countOption, flagOption, textOption } from "../../options.ts";
import { MODEL_ARGUMENT } from "../model-options.ts";
import { NETWORK_OPTIONS, openSplitModel } from "./split-problem.ts";

const HIGHEST_PORT = 65_535;

function portOption(options: Parameters<Command["run"]>[1]): number {
  const port = countOption(options, "--port", 0) ?? 0;
  if (port <= HIGHEST_PORT) return port;
  throw new InputError("out-of-range", `--port ${port} is out of range`, `give 0 (any free one) to ${HIGHEST_PORT}`);
}

/** Until somebody asks the program to end. Ctrl-C ends it with 130 as anywhere; SIGTERM is how services are stopped, and no failure. */
async function untilAsked(server: SplitServer): Promise<number> {
  const reason = await withInterrupts(
    (signal) => new Promise((done) => signal.addEventListener("abort", () => done(signal.reason))),
  );
  await server.close();
  return reason === "SIGTERM" ? 0 : 130;
}

/** Option that both sides have: equal bits need equal arithmetic. */
export const OPTIMISE_OPTION = {
  flags: "--no-optimise",
  description: "run without graph optimisation: split and whole network then give the same bits",
} as const;

export const splitServe: Command = {
  name: "split serve",
  summary: "the server of a split network: runs what devices leave to it",
  arguments: [MODEL_ARGUMENT],
  options: [
    { flags: "--port <n>", description: "port (default 0: any that is free; it is printed)" },
    { flags: "--host <address>", description: "address to listen on (default 127.0.0.1: this machine only)" },
    { flags: "--verbose", description: "a line on stderr for every answer" },
    OPTIMISE_OPTION,
    ...NETWORK_OPTIONS,
  ],
  examples: ["joulecast split serve model.onnx --port 8700"],
  run: async ([name = ""], options) => {
    const port = portOption(options);
    const host = textOption(options, "--host") ?? "127.0.0.1";
    const [{ threadedRuntime }, model] = await Promise.all([
      import("../../../node/runtime/threaded-runtime.ts"),
      openSplitModel(name, options),
    ]);
    const network = splitNetwork(model.shaped, model.work);
    let server: SplitServer;
    try {
      server = await startSplitServer({
        network,
        weights: model.weights,
        runtime: threadedRuntime({ optimise: options.optimise !== false }),
        host,
        port,
        ...(flagOption(options, "--verbose") && { onAnswer: (line: string) => process.stderr.write(`${line}\n`) }),
      });
    } catch (error) {
      model.close();
      throw error;
    }
    const { url, digest, modelBytes } = server;
    return {
      result: { url, host, port: server.port, model: name, digest, modelBytes, layers: network.layers.length },
      document: {
        title: `${model.shaped.graph.name} at ${url}`,
        sections: [
          {
            kind: "facts",
            facts: [
              { label: "layers", cell: countCell(network.layers.length) },
              { label: "model", cell: quantityCell(modelBytes, "B") },
              { label: "digest", cell: textCell(`${digest.slice(0, 16)}…`) },
            ],
          },
          { kind: "notes", notes: [`joulecast split infer --server ${url} --input x.npy`, "Ctrl-C ends it"] },
        ],
      },
      afterwards: async () => {
        const code = await untilAsked(server);
        model.close();
        return code;
      },
    };
  },
};
