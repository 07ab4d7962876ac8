// All networks of the zoo by name. Nothing is built until a network's build() is called.
import { unknownName } from "../units/nearest.ts";
import { CIFAR_NETWORKS } from "./cifar/table.ts";
import { DEEPRX } from "./deeprx.ts";
import { IMAGENET_NETWORKS } from "./imagenet/table.ts";
import { MNIST_CNN } from "./mnist-cnn.ts";
import type { ZooNetwork } from "./network.ts";
import { TRANSFORMER_ENCODER } from "./transformer-encoder.ts";

/** Every built-in network. */
export const ZOO: readonly ZooNetwork[] = [
  ...IMAGENET_NETWORKS,
  ...CIFAR_NETWORKS,
  MNIST_CNN,
  TRANSFORMER_ENCODER,
  DEEPRX,
];

/** What a zoo name starts with where a model file could stand too. */
export const ZOO_PREFIX = "zoo:";

/** The network called `name`, with or without "zoo:". @throws InputError naming the nearest ones */
export function findNetwork(name: string): ZooNetwork {
  const wanted = name.startsWith(ZOO_PREFIX) ? name.slice(ZOO_PREFIX.length) : name;
  const found = ZOO.find((network) => network.name === wanted);
  if (found !== undefined) return found;
  throw unknownName(
    "network",
    wanted,
    ZOO.map((network) => network.name),
    "run `joulecast zoo` for the list",
  );
}
