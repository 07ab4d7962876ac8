// The worker: keeps the graphs that were loaded and answers questions about them, so that the page never stands still.
import type { Graph } from "../../graph/graph.ts";
import { readOnnx } from "../../onnx/read.ts";
import { InputError } from "../../units/input-error.ts";
import { chooseNetwork } from "../../zoo/catalogue.ts";
import { catalogue, estimateGraph, openDimensions } from "./estimate.ts";
import type { Call, LoadedModel, ModelSource, Problem, Replies, Reply, Request } from "./messages.ts";
import { fileSource, servedSource } from "./sources.ts";
import { splitGraph } from "./split.ts";

/** Graphs that are kept; the one used longest ago goes first. */
const KEPT = 8;
const graphs = new Map<string, Graph>();

const withoutEnding = (name: string): string => name.replace(/\.[^.]*$/u, "");

async function readGraph(source: ModelSource): Promise<Graph> {
  if (source.kind === "file") return readOnnx(fileSource(source.file), withoutEnding(source.file.name));
  if (source.kind === "served") return readOnnx(servedSource(source.url, source.sizeBytes), withoutEnding(source.name));
  const { network, options } = chooseNetwork(source.name);
  return network.build(options);
}

async function load(key: string, source: ModelSource): Promise<LoadedModel> {
  const graph = graphs.get(key) ?? (await readGraph(source));
  graphs.delete(key);
  graphs.set(key, graph);
  for (const old of [...graphs.keys()].slice(0, Math.max(0, graphs.size - KEPT))) graphs.delete(old);
  return { key, name: graph.name, open: openDimensions(graph) };
}

async function answer(request: Request): Promise<Replies[keyof Replies]> {
  if (request.kind === "catalogue") return catalogue();
  if (request.kind === "load") return load(request.key, request.source);
  const graph = graphs.get(request.key);
  if (graph === undefined) throw new InputError("not-loaded", "the network is no longer loaded", "open it again");
  return request.kind === "split" ? splitGraph(graph, request.question) : estimateGraph(graph, request.question);
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
