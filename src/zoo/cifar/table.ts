// All CIFAR-10 networks: the sixteen of [Mavromatis2024] (PNASNet with both of its cells), by name.
import type { ZooNetwork } from "../network.ts";
import { DENSENET121 } from "./densenet.ts";
import { SIMPLE_DLA } from "./dla.ts";
import { DPN26 } from "./dpn.ts";
import { EFFICIENTNET_B0 } from "./efficientnet.ts";
import { GOOGLENET } from "./googlenet.ts";
import { LENET } from "./lenet.ts";
import { MOBILENET } from "./mobilenet.ts";
import { MOBILENET_V2 } from "./mobilenet-v2.ts";
import { PNASNET_A, PNASNET_B } from "./pnasnet.ts";
import { PREACT_RESNET18 } from "./preact-resnet.ts";
import { REGNETX_200MF } from "./regnet.ts";
import { RESNET18 } from "./resnet.ts";
import { RESNEXT29 } from "./resnext.ts";
import { SENET18 } from "./senet.ts";
import { SHUFFLENET_V2 } from "./shufflenet-v2.ts";
import { VGG16 } from "./vgg.ts";

/** Every network reads images [batch, 3, 32, 32] and gives logits [batch, 10]. */
export const CIFAR_NETWORKS: readonly ZooNetwork[] = [
  DENSENET121,
  DPN26,
  EFFICIENTNET_B0,
  GOOGLENET,
  LENET,
  MOBILENET,
  MOBILENET_V2,
  PNASNET_A,
  PNASNET_B,
  PREACT_RESNET18,
  REGNETX_200MF,
  RESNET18,
  RESNEXT29,
  SENET18,
  SHUFFLENET_V2,
  SIMPLE_DLA,
  VGG16,
];
