// `joulecast split … --halves FOLDER`: the two halves at the chosen cut as .onnx files that any runtime takes.
import { join } from "node:path";
import { cutGraph } from "../../../graph/cut.ts";
import { checkWritable, writeWhole } from "../../../node/files.ts";
import { checkWritableFolder, makeFolder } from "../../../node/folders.ts";
import { writeOnnx } from "../../../onnx/write.ts";
import type { Cut } from "../../../split/cuts.ts";
import { splitNetwork } from "../../../split/split-network.ts";
import type { OptionSpec, OptionValues } from "../../command.ts";
import { textOption } from "../../options.ts";
import { openSplitModel } from "./split-problem.ts";

export const HALVES_OPTION: OptionSpec = {
  flags: "--halves <folder>",
  description: "write both halves at the chosen cut there, made where it is not: device.onnx, server.onnx",
};

/** Comes before any work. @throws InputError "cannot-write" */
export function checkHalves(options: OptionValues): void {
  const folder = textOption(options, "--halves");
  if (folder !== undefined) checkWritableFolder(folder);
}

/** @returns the files that were written: halves with layers. */
export async function writeHalves(
  model: string,
  cut: Cut | undefined,
  options: OptionValues,
): Promise<readonly string[]> {
  const folder = textOption(options, "--halves");
  if (folder === undefined || cut === undefined) return [];
  const open = await openSplitModel(model, options);
  try {
    const { layers } = splitNetwork(open.shaped, open.work);
    const onDevice = new Set(layers.filter((_, i) => cut.onDevice[i] === 1).map(({ name }) => name));
    const { device, server } = cutGraph(open.shaped, onDevice);
    const files = (
      [
        ["device.onnx", device],
        ["server.onnx", server],
      ] as const
    ).filter(([, { layers: own }]) => own.length > 0);
    makeFolder(folder);
    for (const [file, graph] of files) {
      const path = join(folder, file);
      checkWritable(path);
      await writeWhole(path, writeOnnx(graph, open.weights));
    }
    return files.map(([file]) => join(folder, file));
  } finally {
    open.close();
  }
}
