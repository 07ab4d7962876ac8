// A trained network as a radio receiver: its planes are checked against the grid, slots are run in batches through ONNX Runtime.
import { inferShapes } from "../../graph/shape/infer.ts";
import type { Link } from "../../link/ber/chunk.ts";
import { checkPlanes, planeCount, readLlrs, writePlanes } from "../../link/planes.ts";
import { constellationOf } from "../../link/qam.ts";
import type { Receiver } from "../../link/receivers/receiver.ts";
import { checkReceiver, RECEIVERS, receiverNamed } from "../../link/receivers/table.ts";
import type { Slot } from "../../link/slot.ts";
import type { Session } from "../../runtime/runtime.ts";
import { InputError } from "../../units/input-error.ts";
import { unknownName } from "../../units/nearest.ts";
import { openNetwork } from "../open-network.ts";
import { onnxRuntime } from "../runtime/onnx-runtime.ts";

/** A receiver that may hold a session. */
export interface OpenReceiver extends Receiver {
  close(): Promise<void>;
}

/** Slots per run of a network that leaves its batch open. */
const BATCH = 8;

interface Ports {
  readonly input: string;
  readonly output: string;
  readonly planes: number;
  /** Slots per run; the network's own where it has one. */
  readonly batch: number;
}

function receiving(name: string, session: Session, { input, output, planes, batch }: Ports, link: Link): OpenReceiver {
  const { grid, antennas } = link;
  const perSlot = planeCount(antennas) * grid.size;
  const feeds = new Float32Array(batch * perSlot);
  const shape = [batch, planeCount(antennas), grid.symbols, grid.subcarriers];
  const runSome = async (slots: readonly Slot[], llrs: readonly Float32Array[]) => {
    feeds.fill(0, slots.length * perSlot);
    for (const [i, slot] of slots.entries()) writePlanes(slot, feeds, i * perSlot);
    const outputs = await session.run({ [input]: { dtype: "float32", shape, data: feeds } });
    const answer = outputs[output]!.data;
    if (!(answer instanceof Float32Array))
      throw new InputError(
        "bad-planes",
        `"${name}" does not answer in 32-bit floats`,
        "export it with float32 outputs",
      );
    for (const [i, slot] of slots.entries()) readLlrs(name, answer, planes, i, slot, llrs[i]!);
  };
  return {
    name,
    batch,
    receive: async (slots, llrs) => {
      for (let from = 0; from < slots.length; from += batch)
        await runSome(slots.slice(from, from + batch), llrs.slice(from, from + batch));
    },
    close: () => session.close(),
  };
}

/**
 * Opens the network of a file (or of the zoo: untrained) as a receiver for a link.
 * @param threads of the runtime. Default 1: threads of the simulator run side by side
 * @throws InputError "bad-planes" where it does not fit the grid, antennas or modulation
 */
export async function openNetworkReceiver(model: string, link: Link, threads = 1): Promise<OpenReceiver> {
  const network = await openNetwork(model, 0);
  try {
    const { graph } = inferShapes(network.graph);
    const [input, ...others] = graph.inputs;
    const output = graph.outputs[0];
    if (input === undefined || output === undefined || others.length > 0)
      throw new InputError(
        "bad-planes",
        `"${model}" takes ${graph.inputs.length} inputs, a receiver takes one`,
        "give a network such as zoo:deeprx",
      );
    const type = graph.tensors.get(input);
    const [outputShape, bits] = [graph.tensors.get(output)?.shape, constellationOf(link.setup.modulation).bits];
    checkPlanes(model, type?.shape, outputShape, { grid: link.grid, antennas: link.antennas, bits });
    if (type?.dtype !== "float32")
      throw new InputError(
        "bad-planes",
        `"${model}" takes ${type?.dtype}, planes are float32`,
        "export it with a float32 input",
      );
    const planes = outputShape?.[1];
    if (typeof planes !== "number")
      throw new InputError(
        "bad-planes",
        `"${model}" does not say how many bits it gives`,
        "export it with a fixed number of output planes",
      );
    const fixed = type.shape?.[0];
    const batch = typeof fixed === "number" ? fixed : BATCH;
    const session = await onnxRuntime().open(graph, { weights: network.weights, threads });
    return receiving(model, session, { input, output, planes, batch }, link);
  } finally {
    network.close();
  }
}

const isModel = (name: string) => name.startsWith("zoo:") || /\.onnx$/i.test(name);

/** Receivers by name or file. Close each when done. @throws InputError "unknown-receiver", "bad-receiver", "bad-planes" */
export async function openReceivers(names: readonly string[], link: Link): Promise<OpenReceiver[]> {
  const opened: OpenReceiver[] = [];
  try {
    for (const name of names) {
      const known = receiverNamed(name, link.setup.demap);
      if (known === undefined && !isModel(name))
        throw unknownName("receiver", name, RECEIVERS, `choose one of ${RECEIVERS.join(", ")}, or give an .onnx file`);
      checkReceiver(name, link.channel);
      opened.push(
        known === undefined ? await openNetworkReceiver(name, link) : { ...known, close: async () => undefined },
      );
    }
    return opened;
  } catch (error) {
    await Promise.allSettled(opened.map((receiver) => receiver.close()));
    throw error;
  }
}
