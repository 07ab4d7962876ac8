// `joulecast split infer --server URL --input x.npy`: the device's half here, the rest at the server, over a link as slow as its trace says.

import { bindDimensions } from "../../../graph/bind.ts";
import { bytesInMemory } from "../../../graph/byte-source.ts";
import type { Graph } from "../../../graph/graph.ts";
import { inferShapes } from "../../../graph/shape/infer.ts";
import { parseNpy } from "../../../learn/data/formats/npy.ts";
import { monotonicS } from "../../../node/clock.ts";
import { readBytes } from "../../../node/data/bytes.ts";
import { waitS } from "../../../node/run/interrupts.ts";
import { SplitClient, type SplitInference } from "../../../node/split/client.ts";
import { askAbout, fetchModel, serverUrl, Unreachable } from "../../../node/split/connect.ts";
import { HalvesCache } from "../../../node/split/halves.ts";
import { digestOf, modelFile } from "../../../node/split/protocol.ts";
import { readOnnx } from "../../../onnx/read.ts";
import { weightsOf } from "../../../onnx/weights.ts";
import { type InferRow, inferDocument } from "../../../report/splitting/infer-report.ts";
import type { Tensors } from "../../../runtime/runtime.ts";
import { isTensorType, lengthOf, type Tensor, zeros } from "../../../runtime/tensor.ts";
import { Airtime } from "../../../split/airtime.ts";
import { findCut } from "../../../split/cuts.ts";
import { radioAssumptions, uplink } from "../../../split/radio.ts";
import { InputError } from "../../../units/input-error.ts";
import { countGraph } from "../../../work/count-graph.ts";
import type { Command, OptionValues } from "../../command.ts";
import { flagOption, positiveOption, textOption } from "../../options.ts";
import { checkPath, gainOption, RADIO_OPTIONS, radioOption } from "./radio-options.ts";
import {
  FORMAT_OPTIONS,
  MACHINE_OPTIONS,
  machinesOption,
  NETWORK_OPTIONS,
  openSplitModel,
  problemOf,
  type SplitModel,
} from "./split-problem.ts";
import { OPTIMISE_OPTION } from "./split-serve.ts";
import { readPlaces } from "./split-trajectory.ts";

/** Numbers of an output that the JSON result holds at most. */
const MOST_NUMBERS = 10_000;

/** The model that the server hands out, where the device has none of its own. */
async function fetchedModel(server: URL): Promise<SplitModel & { readonly digest: string }> {
  const about = await askAbout(server);
  const bytes = await fetchModel(server, about);
  if (digestOf(bytes) !== about.digest)
    throw new InputError("damaged-model", "the model that came has another digest than the server says", "try again");
  const source = bytesInMemory(bytes);
  const graph: Graph = await readOnnx(source, about.model);
  const shaped = inferShapes(bindDimensions(graph).graph);
  const weights = weightsOf(source, () => {
    throw new InputError("damaged-model", "the server's model has its weights elsewhere", "give MODEL");
  });
  const digest = about.digest;
  return {
    name: about.model,
    shaped,
    work: countGraph(graph),
    weights,
    assumptions: [],
    close: () => undefined,
    digest,
  };
}

/** A model of the device's own, with its digest as one file. */
async function ownModel(name: string, options: OptionValues): Promise<SplitModel & { readonly digest: string }> {
  const model = await openSplitModel(name, options);
  return { ...model, digest: digestOf(await modelFile(model.shaped.graph, model.weights)) };
}

/** The samples of an .npy file, each as the network's input: one, or several along the first axis. */
function samplesOf(path: string, graph: Graph): readonly Tensors[] {
  const [name, ...others] = graph.inputs;
  const type = name === undefined ? undefined : graph.tensors.get(name);
  if (name === undefined || others.length > 0 || type?.shape === undefined || !isTensorType(type.dtype))
    throw new InputError(
      "bad-input",
      `the network has ${graph.inputs.length} inputs`,
      "one input of a plain type is fed",
    );
  const shape = type.shape as readonly number[];
  const { dtype } = type;
  const size = lengthOf(shape);
  const { name: file, bytes } = readBytes(path);
  const given = parseNpy(file, bytes);
  const [batch = 1, ...sample] = shape;
  // The shape itself, several of it, its batches one after the other, or one sample without the axis of the batch.
  const isRight = [shape, [given.shape[0], ...shape], [given.shape[0], ...sample], batch === 1 ? sample : shape].some(
    (one) => one.length === given.shape.length && one.every((length, i) => length === given.shape[i]),
  );
  const count = given.values.length / size;
  if (!(isRight && Number.isInteger(count) && count >= 1))
    throw new InputError(
      "bad-input",
      `"${path}" has the shape ${given.shape.join("×")}, the network takes ${shape.join("×")}`,
      "give one sample of that shape, or several along the first axis",
    );
  return Array.from({ length: count }, (_, i) => {
    const own = given.values.subarray(i * size, (i + 1) * size);
    const data = zeros(dtype, size);
    for (let j = 0; j < size; j++) {
      if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[j] = BigInt(Math.trunc(own[j]!));
      else data[j] = own[j]!;
    }
    return { [name]: { dtype, shape, data } };
  });
}

/** Largest difference over the largest number of the truth. */
function differenceOf(outputs: Tensors, truth: Tensors): number {
  let [difference, largest] = [0, 0];
  for (const [name, { data }] of Object.entries(truth)) {
    const own = outputs[name]!.data;
    for (let i = 0; i < data.length; i++) {
      difference = Math.max(difference, Math.abs(Number(own[i]) - Number(data[i])));
      largest = Math.max(largest, Math.abs(Number(data[i])));
    }
  }
  return largest === 0 ? difference : difference / largest;
}

const shownTensor = ({ dtype, shape, data }: Tensor) => ({
  dtype,
  shape,
  data: data.length > MOST_NUMBERS ? null : Array.from(data as ArrayLike<number | bigint>, Number),
});

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

function inferenceResult(one: SplitInference, differenceRatio: number | undefined) {
  const { planned, spent, outputs, why, ...rest } = one;
  return {
    ...rest,
    why: why ?? null,
    planned: {
      processingJ: planned.processingJ,
      radioJ: finite(planned.radioJ),
      totalJ: finite(planned.totalJ),
      airtimeS: finite(planned.airtimeS),
    },
    spent,
    differenceRatio: differenceRatio ?? null,
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, shownTensor(tensor)])),
  };
}

function traceOption(options: OptionValues) {
  const path = textOption(options, "--link");
  if (path === undefined) {
    checkPath(options, "none");
    return { timeS: Float64Array.of(0), gainRatio: Float64Array.of(gainOption(options)) };
  }
  const places = readPlaces(path, options);
  const timeS = Float64Array.from(places, (place, i) => place.timeS ?? i);
  return { timeS, gainRatio: Float64Array.from(places, ({ gainRatio }) => gainRatio) };
}

async function inferSplit(name: string | undefined, options: OptionValues, context: Parameters<Command["run"]>[2]) {
  const [url, input] = [textOption(options, "--server"), textOption(options, "--input")];
  if (url === undefined || input === undefined)
    throw new InputError(
      "needs-option",
      `${url === undefined ? "--server" : "--input"} is not given`,
      "give --server URL and --input x.npy",
    );
  const server = serverUrl(url);
  const link = uplink(radioOption(options));
  const trace = traceOption(options);
  const maxLatencyS = positiveOption(options, "--max-latency", "s");
  const patienceS = positiveOption(options, "--patience", "s");
  let model: SplitModel & { readonly digest: string };
  try {
    model = name === undefined ? await fetchedModel(server) : await ownModel(name, options);
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    throw new InputError(
      "no-server",
      `no split server answers at ${server.href}: ${error.message}`,
      "start one with `joulecast split serve MODEL`, or give MODEL so that the device can go on alone",
    );
  }
  const { onnxRuntime } = await import("../../../node/runtime/onnx-runtime.ts");
  // The answer is shown here: the device wants it, and sends nothing when it works out everything itself.
  const planned = await problemOf(
    model,
    { ...options, server: undefined, answer: "device" },
    await machinesOption({ ...options, server: undefined }),
  );
  const halves = new HalvesCache({
    network: planned.network,
    weights: model.weights,
    runtime: onnxRuntime({ optimise: options.optimise !== false }),
  });
  const { table } = planned;
  const named = textOption(options, "--cut");
  const client = new SplitClient({
    server,
    digest: model.digest,
    table,
    halves,
    link,
    airtime: new Airtime(trace, link.rateBps),
    bits: planned.network.format.bits,
    limits: { ...(maxLatencyS !== undefined && { maxLatencyS }) },
    ...(named !== undefined && { cut: table.cuts.indexOf(findCut(table.cuts, named)) }),
    ...(patienceS !== undefined && { patienceS }),
    clock: { nowS: monotonicS, waitS },
  });
  const done: { readonly one: SplitInference; readonly differenceRatio: number | undefined }[] = [];
  try {
    const beganS = monotonicS();
    const isChecked = flagOption(options, "--check");
    for (const [i, feeds] of samplesOf(input, planned.network.shaped.graph).entries()) {
      // One inference at each row of the trace where there are as many, else one after the other.
      const startS =
        trace.timeS.length > 1 && i < trace.timeS.length ? trace.timeS[i]! : trace.timeS[0]! + monotonicS() - beganS;
      const one = await client.infer(feeds, startS);
      done.push({ one, differenceRatio: isChecked ? differenceOf(one.outputs, await halves.whole(feeds)) : undefined });
      context.progress({ label: "inferences", done: i + 1, total: i + 1, unit: "inferences" });
    }
  } finally {
    await halves.close();
    model.close();
  }
  context.progress("");
  const rows = done.map(
    ({ one, differenceRatio }): InferRow => ({
      ...one,
      ...one.spent,
      plannedJ: one.planned.totalJ,
      differenceRatio,
    }),
  );
  const notes = [
    "processing is modelled: what the metric says of the layers that ran here; radio is power × the time that sending took",
    "the answer's way back is not charged; neither are HTTP headers",
    ...radioAssumptions(link),
    ...planned.assumptions,
  ];
  const totals = (of: (one: SplitInference) => number) => done.reduce((sum, { one }) => sum + of(one), 0);
  return {
    result: {
      server: server.href,
      model: model.name,
      digest: model.digest,
      bits: planned.network.format.bits,
      inferences: done.map(({ one, differenceRatio }) => inferenceResult(one, differenceRatio)),
      totals: {
        processingJ: totals(({ spent }) => spent.processingJ),
        radioJ: totals(({ spent }) => spent.radioJ),
        totalJ: totals(({ spent }) => spent.totalJ),
        plannedJ: finite(totals(({ planned: plan }) => plan.totalJ)),
        sentBytes: totals(({ sentBytes }) => sentBytes),
        byServer: done.filter(({ one }) => one.finishedBy === "server").length,
        byDevice: done.filter(({ one }) => one.finishedBy === "device").length,
      },
      assumptions: notes,
    },
    document: inferDocument({ title: `${model.name} split between this machine and ${server.host}`, rows, notes }),
  };
}

/** What another option of the same letters means for `split`: here the server is an address. */
const NOT_HERE = /^--(server|allow-raw|answer|raw-bits) ?/;

export const splitInfer: Command = {
  name: "split infer",
  summary: "the device of a split network: runs its half here, the rest at the server",
  arguments: [
    { name: "model", description: "the same model as the server's (default: fetched from it)", required: false },
  ],
  options: [
    { flags: "--server <url>", description: "address that `joulecast split serve` prints" },
    {
      flags: "--input <file>",
      description: "samples as .npy: one of the input's shape, or several along the first axis",
    },
    {
      flags: "--link <file>",
      description: "CSV of the channel: gain (|h|²) and time_s (default: --gain all the time)",
    },
    { flags: "--cut <name>", description: "always this cut (default: the best for the channel)" },
    { flags: "--max-latency <time>", description: "longest time from input to answer that the choice may plan" },
    {
      flags: "--patience <time>",
      description: "longest time on the air and longest wait for the answer (default 10s)",
    },
    { flags: "--check", description: "run the unsplit network too and compare" },
    OPTIMISE_OPTION,
    ...RADIO_OPTIONS,
    ...[...MACHINE_OPTIONS, ...FORMAT_OPTIONS].filter(({ flags }) => !NOT_HERE.test(flags)),
    ...NETWORK_OPTIONS,
  ],
  examples: [
    "joulecast split infer --server http://127.0.0.1:8700 --input x.npy --link trace.csv",
    "joulecast split infer model.onnx --server http://127.0.0.1:8700 --input x.npy --cut pool2 --check --no-optimise",
  ],
  run: async ([model], options, context) => inferSplit(model, options, context),
};
