// `joulecast zoo write NAME FILE`: a built-in network as an .onnx file that ONNX Runtime runs, with seeded untrained weights.

import { writeWhole } from "../../node/files.ts";
import { drawnWeights } from "../../node/model.ts";
import { DASH } from "../../node/standard-streams.ts";
import { writeOnnx } from "../../onnx/write.ts";
import { quantityCell, textCell } from "../../report/show.ts";
import { InputError } from "../../units/input-error.ts";
import { countGraph } from "../../work/count-graph.ts";
import { chooseNetwork } from "../../zoo/catalogue.ts";
import type { Command } from "../command.ts";
import { countOption } from "../options.ts";

export const zooWrite: Command = {
  name: "zoo write",
  summary: "write a built-in network to an .onnx file (untrained, seeded weights)",
  arguments: [
    {
      name: "name",
      description: "network, as `joulecast zoo` lists it; options as deeprx:width=0.5,depth=7",
      required: true,
    },
    { name: "file", description: "the .onnx file to write (- for stdout)", required: true },
  ],
  options: [{ flags: "--seed <n>", description: "seed of the weights (default 0)" }],
  examples: ["joulecast zoo write deeprx deeprx.onnx", "joulecast zoo write deeprx:width=0.5 student.onnx"],
  run: async ([name = "", path = ""], options, context) => {
    const toStdout = path === DASH;
    if (toStdout && ["json", "csv", "markdown"].some((form) => options[form] === true))
      throw new InputError("two-forms", "the network and the report both want stdout", "write the network to a file");
    const { network, options: form } = chooseNetwork(name);
    const graph = network.build({ ...form, seed: countOption(options, "--seed", 0) ?? 0 });
    const { weightBytes } = countGraph(graph).total;
    let sizeBytes = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of writeOnnx(graph, drawnWeights)) {
        sizeBytes += chunk.length;
        context.progress({ label: `writing ${path}`, done: sizeBytes, total: weightBytes, unit: "B" });
        yield chunk;
      }
    }
    await writeWhole(path, counted());
    context.progress("");
    return {
      result: { name: network.name, file: path, sizeBytes },
      ...(toStdout && { textTo: "stderr" }),
      document: {
        title: `zoo:${network.name} written`,
        sections: [
          {
            kind: "facts",
            facts: [
              { label: "file", cell: textCell(path) },
              { label: "size", cell: quantityCell(sizeBytes, "B") },
            ],
          },
        ],
      },
    };
  },
};
