// The worker: keeps the networks that were loaded and answers questions about them, so that the page never stands still.
import { InputError } from "../../units/input-error.ts";
import { catalogue, estimateGraph, openDimensions } from "./estimate.ts";
import { type Loaded, loadNetwork } from "./loaded.ts";
import type { Call, LoadedModel, ModelSource, Problem, Replies, Reply, Request } from "./messages.ts";
import { splitGraph } from "./split.ts";

/** Networks that are kept; the one used longest ago goes first. */
const KEPT = 8;
const networks = new Map<string, Loaded>();

async function load(key: string, source: ModelSource): Promise<LoadedModel> {
  const network = networks.get(key) ?? (await loadNetwork(source));
  networks.delete(key);
  networks.set(key, network);
  for (const old of [...networks.keys()].slice(0, Math.max(0, networks.size - KEPT))) networks.delete(old);
  return { key, name: network.graph.name, open: openDimensions(network.graph) };
}

async function answer(request: Request): Promise<Replies[keyof Replies]> {
  if (request.kind === "catalogue") return catalogue();
  if (request.kind === "load") return load(request.key, request.source);
  const network = networks.get(request.key);
  if (network === undefined) throw new InputError("not-loaded", "the network is no longer loaded", "open it again");
  if (request.kind === "split") return splitGraph(network.graph, request.question, network.zeros);
  return estimateGraph(network.graph, request.question);
}

function problemOf(error: unknown): Problem {
  if (error instanceof InputError) return { code: error.code, message: error.message, hint: error.hint };
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: "bug",
    message: `this should not happen: ${message}`,
    hint: "please report it with the file's exporter",
  };
}

addEventListener("message", async ({ data: { id, request } }: MessageEvent<Call>) => {
  let reply: Reply;
  try {
    reply = { id, value: await answer(request) };
  } catch (error) {
    reply = { id, problem: problemOf(error) };
  }
  postMessage(reply);
});
