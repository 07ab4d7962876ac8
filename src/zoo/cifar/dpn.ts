// DPN-26 [Chen2017]: dual paths; the first channels of a block's output are added to the input's (residual path), the
// rest are appended (dense path).
import type { NetworkBuilder } from "../../graph/build.ts";
import type { ZooNetwork } from "../network.ts";
import { add, concat, relu, splitChannels } from "../pieces.ts";
import {
  bottleneckPath,
  cifarGraph,
  classifier,
  convBn,
  convBnRelu,
  PYTORCH_CIFAR,
  sequence,
  stageStrides,
} from "./blocks.ts";

interface DualPath {
  /** Channels of the grouped 3×3 convolution. */
  readonly middle: number;
  /** Channels of the residual path. */
  readonly residual: number;
  /** Channels that each block appends. */
  readonly dense: number;
  /** Stride of the first block. */
  readonly stride: number;
}

const GROUPS = 32;
const BLOCKS_PER_STAGE = 2;
const STAGES: readonly DualPath[] = [
  { middle: 96, residual: 256, dense: 16, stride: 1 },
  { middle: 192, residual: 512, dense: 32, stride: 2 },
  { middle: 384, residual: 1024, dense: 24, stride: 2 },
  { middle: 768, residual: 2048, dense: 128, stride: 2 },
];

/** One block; the first of a stage projects its input, whatever its shape. */
function dualPathBlock(b: NetworkBuilder, x: string, path: DualPath, stride: number, first: boolean): string {
  const { middle, residual, dense } = path;
  const out = residual + dense;
  const made = bottleneckPath(b, x, { middle, out, stride, groups: GROUPS });
  const kept = first ? b.scope("shortcut", () => convBn(b, x, out, { kernel: 1, stride })) : x;
  const [keptSum, keptDense] = splitChannels(b, kept, [residual, b.length(kept, 1) - residual], "split1");
  const [madeSum, madeDense] = splitChannels(b, made, [residual, dense], "split2");
  return relu(b, concat(b, [add(b, keptSum!, madeSum!), keptDense!, madeDense!]), "relu3");
}

export const DPN26: ZooNetwork = {
  name: "cifar/dpn26",
  summary: "DPN-26: eight dual-path blocks, residual and dense at once",
  source: "Chen2017",
  published: { params: 11_574_842, macs: 665_050_880, source: PYTORCH_CIFAR },
  build: (options) =>
    cifarGraph("cifar/dpn26", options, (b, image) => {
      const stem = convBnRelu(b, image, 64, { id: 1, kernel: 3 });
      const features = STAGES.reduce((x, path, i) => {
        const blocks = stageStrides(path.stride, BLOCKS_PER_STAGE).map((stride, j) => ({ stride, first: j === 0 }));
        return sequence(b, x, `layer${i + 1}`, blocks, (y, { stride, first }) =>
          dualPathBlock(b, y, path, stride, first),
        );
      }, stem);
      return classifier(b, features, 4);
    }),
};
