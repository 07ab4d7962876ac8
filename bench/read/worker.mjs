// Our side of the comparison, in a process of its own: a line of JSON { path, dims } in, a line { seconds, macs, nodes, unknown,
// peakBytes } out. A run is all of it: open the file, read the graph, bind dimensions, infer shapes, count. Nothing is kept between runs.
import { createInterface } from "node:readline";
import { readModel } from "../../dist/node/model.js";
import { countGraph } from "../../dist/work/count-graph.js";
import { peakBytes } from "./peak-memory.mjs";

for await (const line of createInterface({ input: process.stdin })) {
  const { path, dims } = JSON.parse(line);
  const start = performance.now();
  const graph = await readModel(path);
  const report = countGraph(graph, { dims });
  const seconds = (performance.now() - start) / 1000;
  const answer = {
    seconds,
    macs: report.total.macs,
    nodes: graph.layers.length,
    unknown: report.unknown.length,
    peakBytes: peakBytes(),
  };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
