// The ImageNet networks of the zoo, all in torchvision's forms [torchvision].
import type { ZooNetwork } from "../network.ts";
import { ALEXNET } from "./alexnet.ts";
import { DENSENET121 } from "./densenet.ts";
import { EFFICIENTNET_B0 } from "./efficientnet.ts";
import { GOOGLENET } from "./googlenet.ts";
import { MOBILENET_V2 } from "./mobilenet-v2.ts";
import { RESNET18, RESNET50 } from "./resnet.ts";
import { SHUFFLENET_V2 } from "./shufflenet-v2.ts";
import { VGG11, VGG13, VGG16 } from "./vgg.ts";

export const IMAGENET_NETWORKS: readonly ZooNetwork[] = [
  ALEXNET,
  VGG11,
  VGG13,
  VGG16,
  RESNET18,
  RESNET50,
  GOOGLENET,
  DENSENET121,
  MOBILENET_V2,
  EFFICIENTNET_B0,
  SHUFFLENET_V2,
];
