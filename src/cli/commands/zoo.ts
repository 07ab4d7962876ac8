// `joulecast zoo`: the built-in networks with their counts at batch 1, counted now and not from a list.
import { zooDocument } from "../../report/zoo-report.ts";
import { countGraph } from "../../work/count-graph.ts";
import { ZOO } from "../../zoo/catalogue.ts";
import type { Command } from "../command.ts";

export const zoo: Command = {
  name: "zoo",
  summary: "list the built-in networks, usable as zoo:NAME wherever a model file is",
  arguments: [],
  options: [],
  examples: ["joulecast zoo", "joulecast zoo write deeprx deeprx.onnx"],
  run: async () => {
    const networks = ZOO.map((network) => {
      const graph = network.build();
      const { total, layers } = countGraph(graph);
      const input = graph.tensors.get(graph.inputs[0]!)?.shape ?? [];
      return {
        name: network.name,
        params: total.params,
        macs: total.macs,
        input,
        layers: layers.length,
        summary: network.summary,
        options: network.takes ?? [],
        source: network.source,
      };
    });
    return {
      result: { networks },
      document: zooDocument(networks.map((network) => ({ ...network, input: network.input.join("×") }))),
    };
  },
};
