// All networks of the zoo by name. Nothing is built until a network's build() is called.
import { InputError } from "../units/input-error.ts";
import { unknownName } from "../units/nearest.ts";
import { CIFAR_NETWORKS } from "./cifar/table.ts";
import { DEEPRX } from "./deeprx.ts";
import { IMAGENET_NETWORKS } from "./imagenet/table.ts";
import { MNIST_CNN } from "./mnist-cnn.ts";
import { ZOO_PREFIX, type ZooNetwork, type ZooOptions } from "./network.ts";
import { TRANSFORMER_ENCODER } from "./transformer-encoder.ts";

/** Every built-in network. */
export const ZOO: readonly ZooNetwork[] = [
  ...IMAGENET_NETWORKS,
  ...CIFAR_NETWORKS,
  MNIST_CNN,
  TRANSFORMER_ENCODER,
  DEEPRX,
];

/** A network and the options written after its name. */
export interface ZooChoice {
  readonly network: ZooNetwork;
  readonly options: ZooOptions;
}

function readOption(network: ZooNetwork, text: string): readonly [string, number] {
  const [name = "", number = ""] = text.split("=");
  const takes = network.takes ?? [];
  if (!takes.includes(name)) {
    const known = takes.length === 0 ? "it has one fixed form" : `it takes ${takes.join(", ")}`;
    throw new InputError("unknown-option", `network "${network.name}" has no option "${name}"`, known);
  }
  const value = Number(number);
  if (number.trim() !== "" && Number.isFinite(value)) return [name, value];
  throw new InputError(
    "bad-option",
    `option ${name} is "${number}", expected a number`,
    `write zoo:${network.name}:${name}=1`,
  );
}

/**
 * The network called `name`, with or without "zoo:" and options: "zoo:deeprx:width=0.5,depth=7".
 * @throws InputError naming the nearest networks, or the options that the network takes
 */
export function chooseNetwork(name: string): ZooChoice {
  const bare = name.startsWith(ZOO_PREFIX) ? name.slice(ZOO_PREFIX.length) : name;
  const [wanted = "", options = ""] = bare.split(":");
  const network = ZOO.find((each) => each.name === wanted);
  if (network === undefined) {
    const names = ZOO.map((each) => each.name);
    throw unknownName("network", wanted, names, "run `joulecast zoo` for the list");
  }
  const given = options.split(",").filter((text) => text !== "");
  return { network, options: Object.fromEntries(given.map((text) => readOption(network, text))) };
}

/** The network called `name`, options left aside. @throws InputError naming the nearest ones */
export function findNetwork(name: string): ZooNetwork {
  return chooseNetwork(name).network;
}
