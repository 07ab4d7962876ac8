// Every action, in the order that ties are shown in. To add one: write its file, list it here.
import type { Action } from "../action.ts";
import { batchSize } from "./batch-size.ts";
import { distilSmaller } from "./distil-smaller.ts";
import { float16 } from "./float16.ts";
import { foldBatchNorm } from "./fold-batch-norm.ts";
import { int8Dynamic } from "./int8-dynamic.ts";
import { int8Static } from "./int8-static.ts";
import { moveRegion } from "./move-region.ts";
import { powerCap } from "./power-cap.ts";
import { pruneStructured } from "./prune-structured.ts";
import { pruneUnstructured } from "./prune-unstructured.ts";
import { threads } from "./threads.ts";

export const ACTIONS: readonly Action[] = [
  foldBatchNorm,
  batchSize,
  threads,
  int8Static,
  int8Dynamic,
  float16,
  pruneStructured,
  pruneUnstructured,
  distilSmaller,
  powerCap,
  moveRegion,
];
